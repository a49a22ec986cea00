// C identifiers and comments from names that a model's author chose: any bytes, of any length.
#ifndef INGOT_COMPILER_PACKAGE_IDENTIFIERS_H
#define INGOT_COMPILER_PACKAGE_IDENTIFIERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace ingot {

/// One suffix a name, to be appended to a prefix that ends in '_': letters, digits and single '_' of ASCII, at most 64, no two
/// alike. Names that are such already keep their spelling; others get a number when theirs is taken.
std::vector<std::string> uniqueSuffixes(llvm::ArrayRef<std::string> names);

/// A prefix for the functions of the model whose code exports ingot_run_<symbol>: an identifier that is not reserved in C or
/// C++ and cannot meet the runtime's own names.
std::string apiPrefix(llvm::StringRef symbol);
bool isIdentifier(llvm::StringRef text);

/// The name quoted for a block comment, at most 120 bytes: printable ASCII without the ends of comments and trigraphs.
std::string forComment(llvm::StringRef name);

} // namespace ingot

#endif
