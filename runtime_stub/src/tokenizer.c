/* Optional part: the tokenizer as one object: no part of it is of use without the others. */
#include "tokens/table.c"

#include "tokens/merge.c"
#include "tokens/pattern.c"

#include "tokens/bytepairs.c"
#include "tokens/sentencepieces.c"
#include "tokens/unigram.c"
#include "tokens/wordpieces.c"

#include "tokens/text.c"
