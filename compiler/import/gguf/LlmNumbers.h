// Private to import/gguf: reads the numbers of a language model's metadata.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMNUMBERS_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMNUMBERS_H

#include "compiler/import/gguf/LlmKeys.h"
#include "compiler/import/gguf/LlmModel.h"

namespace ingot {

/// Fills everything of `model` that is a number, and its blocks without their tensors. What is wrong is reported through `keys`.
void readLlmNumbers(LlmKeys &keys, LlmModel &model);

} // namespace ingot

#endif
