// Runs a kernel function of the shim over a grid: views[i] is the buffer of its parameter i, the invocation's number goes where it is asked for.
#ifndef INGOT_METAL_LAUNCH
#define INGOT_METAL_LAUNCH

#include <metal_stdlib>

#include <type_traits>
#include <utility>

template <typename P> static inline decltype(auto) argument(void **views, unsigned i, uint3 id) {
  if constexpr (std::is_same_v<std::remove_cv_t<P>, uint3>)
    return id;
  else
    return *static_cast<std::remove_reference_t<P> *>(views[i]);
}

template <typename... P, size_t... I>
static void launchAll(void (*function)(P...), void **views, unsigned width, unsigned height, std::index_sequence<I...>) {
  for (unsigned y = 0; y < height; ++y)
    for (unsigned x = 0; x < width; ++x)
      function(argument<P>(views, I, uint3{x, y, 0})...);
}

template <typename... P> static void launch(void (*function)(P...), void **views, unsigned width, unsigned height) {
  launchAll(function, views, width, height, std::index_sequence_for<P...>());
}

#endif
