# The runtime that walks the tables, for the systems of Vulkan devices: embedded as vulkan/runtime/<arch>-<os>.o.
find_path(INGOT_VULKAN_HEADERS vulkan/vulkan.h REQUIRED)
foreach(system x86_64-linux aarch64-linux)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/vulkan/runtime-${system}.o)
  file(GLOB runtime_parts CONFIGURE_DEPENDS ${folder}/runtime/*)
  set(runtime_flags -Os -ffreestanding -nostdlibinc -std=c11 -fPIC -Wall -Wextra -Werror -fno-stack-protector -fno-unwind-tables
    -fno-asynchronous-unwind-tables -I${CMAKE_SOURCE_DIR}/runtime_stub/include -idirafter ${INGOT_VULKAN_HEADERS})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/vulkan)
  add_custom_command(OUTPUT ${object}
    COMMAND ${INGOT_CLANG} --target=${system}-gnu ${runtime_flags} -c ${folder}/runtime/vulkan.c -o ${object}
    DEPENDS ${runtime_parts} VERBATIM COMMENT "Runtime of Vulkan devices, ${system}")
  ingot_embed(vulkan/runtime/${system}.o ${object})
endforeach()
