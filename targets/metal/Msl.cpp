// SPIRV-Cross through its C interface: no exceptions cross it, errors come as a sentence.
#include "targets/metal/Msl.h"

#include <spirv_cross/spirv_cross_c.h>

namespace ingot {
namespace {

/// A context and everything made in it.
class Cross {
public:
  ~Cross() {
    if (context)
      spvc_context_destroy(context);
  }

  llvm::Expected<std::string> translate(const Shader &shader) {
    spvc_parsed_ir parsed = nullptr;
    spvc_compiler_options options = nullptr;
    const char *text = nullptr;
    bool good = spvc_context_create(&context) == SPVC_SUCCESS && spvc_context_parse_spirv(context, shader.words.data(), shader.words.size(), &parsed) == SPVC_SUCCESS &&
                spvc_context_create_compiler(context, SPVC_BACKEND_MSL, parsed, SPVC_CAPTURE_MODE_TAKE_OWNERSHIP, &compiler) == SPVC_SUCCESS &&
                spvc_compiler_create_compiler_options(compiler, &options) == SPVC_SUCCESS &&
                spvc_compiler_options_set_uint(options, SPVC_COMPILER_OPTION_MSL_VERSION, SPVC_MAKE_MSL_VERSION(2, 3, 0)) == SPVC_SUCCESS &&
                spvc_compiler_options_set_bool(options, SPVC_COMPILER_OPTION_MSL_FORCE_NATIVE_ARRAYS, SPVC_TRUE) == SPVC_SUCCESS &&
                spvc_compiler_install_compiler_options(compiler, options) == SPVC_SUCCESS && bindViews(shader) &&
                spvc_compiler_compile(compiler, &text) == SPVC_SUCCESS;
    if (!good)
      return llvm::createStringError("SPIRV-Cross refuses shader '" + shader.name + "': " + (context ? spvc_context_get_last_error_string(context) : "no memory"));
    return std::string(text);
  }

private:
  bool bindViews(const Shader &shader) {
    for (unsigned i = 0; i < shader.views.size(); ++i) {
      spvc_msl_resource_binding binding;
      spvc_msl_resource_binding_init(&binding);
      binding.stage = SpvExecutionModelGLCompute;
      binding.desc_set = 0;
      binding.binding = i;
      binding.msl_buffer = i;
      if (spvc_compiler_msl_add_resource_binding(compiler, &binding) != SPVC_SUCCESS)
        return false;
    }
    return true;
  }

  spvc_context context = nullptr;
  spvc_compiler compiler = nullptr;
};

} // namespace

llvm::Expected<std::string> mslOf(const Shader &shader) { return Cross().translate(shader); }

} // namespace ingot
