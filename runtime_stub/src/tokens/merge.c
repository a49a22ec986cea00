/* Merging neighbours in the order of their keys: a heap of candidates makes n symbols cost n log n. The symbols form a list linked by index; entries of
 * the heap may be out of date, which the bytes that they covered tell. */
#include "table.h"

typedef struct candidate {
  uint32_t key, left, right; /* symbols */
  uint32_t begin, end;       /* what they covered together */
  uint32_t id;
} candidate;

typedef struct merger {
  const ingot_tokenizer *tokenizer;
  const uint8_t *text;
  symbol *symbols;
  uint32_t *next, *previous;
  candidate *heap; /* [3 * count]: one a pair, two more a merge */
  size_t heapCount;
  merge_rule rule;
} merger;

static int comesFirst(const candidate *a, const candidate *b) { return a->key != b->key ? a->key < b->key : a->left < b->left; }

static void pushPair(merger *m, uint32_t left, uint32_t right) {
  if (left == NONE || right == NONE)
    return;
  candidate added = {0, left, right, m->symbols[left].begin, m->symbols[right].end, NONE};
  if (!m->rule(m->tokenizer, m->text, &m->symbols[left], &m->symbols[right], &added.key, &added.id))
    return;
  size_t at = m->heapCount++;
  for (; at > 0 && comesFirst(&added, &m->heap[(at - 1) / 2]); at = (at - 1) / 2)
    m->heap[at] = m->heap[(at - 1) / 2];
  m->heap[at] = added;
}

static candidate popBest(merger *m) {
  candidate best = m->heap[0], last = m->heap[--m->heapCount];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= m->heapCount)
      break;
    if (child + 1 < m->heapCount && comesFirst(&m->heap[child + 1], &m->heap[child]))
      ++child;
    if (!comesFirst(&m->heap[child], &last))
      break;
    m->heap[at] = m->heap[child];
    at = child;
  }
  m->heap[at] = last;
  return best;
}

static void applyMerge(merger *m, const candidate *c) {
  symbol *left = &m->symbols[c->left], *right = &m->symbols[c->right];
  if (m->next[c->left] != c->right || left->begin != c->begin || right->end != c->end)
    return;
  left->end = c->end;
  left->id = c->id;
  right->begin = right->end;
  m->next[c->left] = m->next[c->right];
  m->next[c->right] = NONE;
  if (m->next[c->left] != NONE)
    m->previous[m->next[c->left]] = c->left;
  pushPair(m, m->previous[c->left], c->left);
  pushPair(m, c->left, m->next[c->left]);
}

static size_t mergeSymbols(output *out, const uint8_t *text, symbol *symbols, size_t count, merge_rule rule) {
  if (count < 2)
    return count;
  output before = *out;
  merger m = {out->tokenizer, text, symbols, take(out, count, 4), take(out, count, 4), take(out, 3 * count, sizeof(candidate)), 0, rule};
  if (!m.next || !m.previous || !m.heap)
    return 0;
  for (uint32_t i = 0; i < count; ++i) {
    m.previous[i] = i ? i - 1 : NONE;
    m.next[i] = i + 1 < count ? i + 1 : NONE;
  }
  for (uint32_t i = 0; i + 1 < count; ++i)
    pushPair(&m, i, i + 1);
  while (m.heapCount != 0) {
    candidate best = popBest(&m);
    applyMerge(&m, &best);
  }
  size_t left = 0;
  for (size_t i = 0; i < count; ++i)
    if (symbols[i].begin != symbols[i].end)
      symbols[left++] = symbols[i];
  out->workspace = before.workspace;
  out->workspaceBytes = before.workspaceBytes;
  return left;
}
