// Buffers with an unreadable page right behind or right before them: a kernel that touches one byte too much ends the test.
#ifndef INGOT_TEST_UNIT_KERNELS_GUARDED_H
#define INGOT_TEST_UNIT_KERNELS_GUARDED_H

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

/// `count` elements; the last ends at an unreadable page, or, with `before`, the first begins behind one.
template <typename T> class Guarded {
public:
  Guarded(int64_t count, bool before) : count(count), page(sysconf(_SC_PAGESIZE)) {
    int64_t bytes = count * static_cast<int64_t>(sizeof(T)), inside = (bytes + page - 1) / page * page;
    mapped = inside + 2 * page;
    base = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base == MAP_FAILED || mprotect(base, page, PROT_NONE) != 0 || mprotect(base + page + inside, page, PROT_NONE) != 0)
      std::abort();
    at = reinterpret_cast<T *>(base + page + (before ? 0 : inside - bytes));
  }
  Guarded(const std::vector<T> &values, bool before) : Guarded(static_cast<int64_t>(values.size()), before) {
    std::memcpy(at, values.data(), values.size() * sizeof(T));
  }
  Guarded(const Guarded &) = delete;
  Guarded &operator=(const Guarded &) = delete;
  ~Guarded() { munmap(base, mapped); }
  T *data() { return at; }
  T &operator[](int64_t i) { return at[i]; }
  int64_t size() const { return count; }

private:
  int64_t count, page, mapped;
  char *base;
  T *at;
};

#endif
