/* Instance, device with the types that the shaders need, and two allocations: the block that both units see, and the runtime's tables
 * (memory from the driver, because the runtime has no allocator). */
#include "api.h"

static uint64_t roundUp(uint64_t bytes, uint64_t to) { return (bytes + to - 1) / to * to; }

static const char *loadInstance(gpu *g) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pEngineName = "ingot", .apiVersion = VK_API_VERSION_1_1};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  PFN_vkCreateInstance create = (PFN_vkCreateInstance)vkGetInstanceProcAddr(0, "vkCreateInstance");
  if (!create || create(&info, 0, &g->instance) != VK_SUCCESS)
    return "there is no Vulkan 1.1 driver";
#define F(name)                                                          \
  g->name = (PFN_##name)vkGetInstanceProcAddr(g->instance, #name);       \
  if (!g->name)                                                          \
    return "the Vulkan loader lacks " #name;
  INGOT_VULKAN_INSTANCE(F)
#undef F
  return 0;
}

/* The first device of 1.1 with a queue for compute. */
static const char *pickPhysical(gpu *g) {
  VkPhysicalDevice list[8];
  uint32_t count = 8;
  VkResult found = g->vkEnumeratePhysicalDevices(g->instance, &count, list);
  if ((found != VK_SUCCESS && found != VK_INCOMPLETE) || count == 0)
    return "there is no Vulkan device";
  for (uint32_t i = 0; i < count; ++i) {
    VkPhysicalDeviceProperties properties;
    VkQueueFamilyProperties families[16];
    uint32_t familyCount = 16;
    g->vkGetPhysicalDeviceProperties(list[i], &properties);
    g->vkGetPhysicalDeviceQueueFamilyProperties(list[i], &familyCount, families);
    if (properties.apiVersion < VK_API_VERSION_1_1 || properties.limits.minStorageBufferOffsetAlignment > 64)
      continue;
    for (uint32_t f = 0; f < familyCount; ++f)
      if (families[f].queueFlags & VK_QUEUE_COMPUTE_BIT) {
        g->physical = list[i];
        g->family = f;
        return 0;
      }
  }
  return "no Vulkan device has version 1.1, a queue for compute and storage buffers at multiples of 64 bytes";
}

static int sameText(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

static int hasExtension(gpu *g, const char *name) {
  VkExtensionProperties list[64];
  /* In stretches: a device may have more extensions than the list has room for, which the loader then cuts. */
  uint32_t count = 64;
  g->vkEnumerateDeviceExtensionProperties(g->physical, 0, &count, 0);
  if (count <= 64) {
    g->vkEnumerateDeviceExtensionProperties(g->physical, 0, &count, list);
    for (uint32_t i = 0; i < count; ++i)
      if (sameText(list[i].extensionName, name))
        return 1;
    return 0;
  }
  return 1; /* the features decide */
}

/* The features that the shaders need, switched on; a message when one is missing. */
static const char *createDevice(gpu *g) {
  uint32_t needs = g->model->needs;
  const char *extensions[2];
  uint32_t extensionCount = 0;
  VkPhysicalDevice8BitStorageFeatures bytes = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
  VkPhysicalDeviceShaderFloat16Int8Features small = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
  VkPhysicalDevice16BitStorageFeatures halves = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
  VkPhysicalDeviceFeatures2 have = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &halves};
  if ((needs & INGOT_GPU_INT8) && hasExtension(g, VK_KHR_8BIT_STORAGE_EXTENSION_NAME)) {
    extensions[extensionCount++] = VK_KHR_8BIT_STORAGE_EXTENSION_NAME;
    bytes.pNext = have.pNext;
    have.pNext = &bytes;
  }
  if ((needs & (INGOT_GPU_INT8 | INGOT_GPU_FLOAT16)) && hasExtension(g, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME)) {
    extensions[extensionCount++] = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME;
    small.pNext = have.pNext;
    have.pNext = &small;
  }
  g->vkGetPhysicalDeviceFeatures2(g->physical, &have);
  if ((needs & INGOT_GPU_INT8) && (!bytes.storageBuffer8BitAccess || !small.shaderInt8))
    return "the Vulkan device lacks 8-bit integers, which the program was compiled for";
  if ((needs & INGOT_GPU_INT16) && (!halves.storageBuffer16BitAccess || !have.features.shaderInt16))
    return "the Vulkan device lacks 16-bit integers, which the program was compiled for";
  if ((needs & INGOT_GPU_FLOAT16) && (!halves.storageBuffer16BitAccess || !small.shaderFloat16))
    return "the Vulkan device lacks 16-bit floats, which the program was compiled for";
  if ((needs & INGOT_GPU_INT64) && !have.features.shaderInt64)
    return "the Vulkan device lacks 64-bit integers, which the program was compiled for";
  if ((needs & INGOT_GPU_FLOAT64) && !have.features.shaderFloat64)
    return "the Vulkan device lacks 64-bit floats, which the program was compiled for";
  VkPhysicalDeviceFeatures wanted = {.shaderInt16 = have.features.shaderInt16, .shaderInt64 = have.features.shaderInt64,
                                     .shaderFloat64 = have.features.shaderFloat64};
  have.features = wanted;
  float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = g->family, .queueCount = 1, .pQueuePriorities = &priority};
  VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &have, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue,
                             .enabledExtensionCount = extensionCount, .ppEnabledExtensionNames = extensions};
  if (g->vkCreateDevice(g->physical, &info, 0, &g->device) != VK_SUCCESS)
    return "the Vulkan device cannot be opened";
#define F(name)                                                         \
  g->name = (PFN_##name)g->vkGetDeviceProcAddr(g->device, #name);       \
  if (!g->name)                                                         \
    return "the Vulkan driver lacks " #name;
  INGOT_VULKAN_DEVICE(F)
#undef F
  g->vkGetDeviceQueue(g->device, g->family, 0, &g->queue);
  return 0;
}

/* Memory that the CPU sees without flushes, on the device itself where it can be. */
static const char *allocate(gpu *g, uint64_t bytes, uint32_t types, VkDeviceMemory *memory, void **mapped) {
  VkPhysicalDeviceMemoryProperties properties;
  g->vkGetPhysicalDeviceMemoryProperties(g->physical, &properties);
  VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (int local = 1; local >= 0; --local) {
    VkMemoryPropertyFlags wanted = host | (local ? VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT : 0u);
    for (uint32_t i = 0; i < properties.memoryTypeCount; ++i) {
      if (!(types >> i & 1) || (properties.memoryTypes[i].propertyFlags & wanted) != wanted)
        continue;
      VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = bytes, .memoryTypeIndex = i};
      if (g->vkAllocateMemory(g->device, &info, 0, memory) == VK_SUCCESS)
        return g->vkMapMemory(g->device, *memory, 0, VK_WHOLE_SIZE, 0, mapped) == VK_SUCCESS ? 0 : "the Vulkan device does not map its memory";
    }
  }
  return "the Vulkan device has no memory for the model that the CPU sees too";
}

/* [weights][arena][state][inputs][outputs]; inputs and outputs as large as the largest program's. */
static void layOut(gpu *g) {
  const ingot_gpu_model *m = g->model;
  uint64_t inputs = 0, outputs = 0;
  for (uint32_t i = 0; i < m->program_count; ++i) {
    uint64_t in = 0, out = 0;
    for (uint32_t k = 0; k < m->programs[i].input_count; ++k)
      in += roundUp(m->programs[i].input_bytes[k], INGOT_VULKAN_ALIGN);
    for (uint32_t k = 0; k < m->programs[i].output_count; ++k)
      out += roundUp(m->programs[i].output_bytes[k], INGOT_VULKAN_ALIGN);
    inputs = in > inputs ? in : inputs;
    outputs = out > outputs ? out : outputs;
  }
  g->start[INGOT_GPU_WEIGHTS] = 0;
  g->start[INGOT_GPU_ARENA] = roundUp(m->weights_bytes, INGOT_VULKAN_ALIGN);
  g->start[INGOT_GPU_STATE] = g->start[INGOT_GPU_ARENA] + roundUp(m->arena_bytes, INGOT_VULKAN_ALIGN);
  g->start[INGOT_GPU_INPUT] = g->start[INGOT_GPU_STATE] + roundUp(m->state_bytes, INGOT_VULKAN_ALIGN);
  g->start[INGOT_GPU_OUTPUT] = g->start[INGOT_GPU_INPUT] + inputs;
  g->bytes = g->start[INGOT_GPU_OUTPUT] + outputs + INGOT_VULKAN_ALIGN;
}

static const char *createBlock(gpu *g) {
  layOut(g);
  VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = g->bytes, .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
  if (g->vkCreateBuffer(g->device, &info, 0, &g->buffer) != VK_SUCCESS)
    return "the Vulkan device makes no buffer of the model's size";
  VkMemoryRequirements needed;
  g->vkGetBufferMemoryRequirements(g->device, g->buffer, &needed);
  void *mapped = 0;
  const char *problem = allocate(g, needed.size, needed.memoryTypeBits, &g->memory, &mapped);
  if (problem)
    return problem;
  g->mapped = mapped;
  return g->vkBindBufferMemory(g->device, g->buffer, g->memory, 0) == VK_SUCCESS ? 0 : "the Vulkan device does not bind its memory";
}

/* A mapped allocation that begins with the context itself, copied from `g`. */
static const char *createTables(gpu *g, gpu **moved) {
  uint64_t steps = 0, bytes = roundUp(sizeof *g, 64);
  for (uint32_t i = 0; i < g->model->program_count; ++i)
    steps += g->model->programs[i].step_count;
  uint64_t pipelines = bytes, commands = pipelines + roundUp(g->model->shader_count * sizeof(pipeline), 64);
  void *mapped = 0;
  const char *problem = allocate(g, commands + steps * sizeof(VkCommandBuffer) + 64, ~0u, &g->tables, &mapped);
  if (problem)
    return problem;
  memset(mapped, 0, commands + steps * sizeof(VkCommandBuffer));
  g->pipelines = (pipeline *)((uint8_t *)mapped + pipelines);
  g->commands = (VkCommandBuffer *)((uint8_t *)mapped + commands);
  memcpy(mapped, g, sizeof *g);
  *moved = mapped;
  return 0;
}

static uint64_t placeOf(const gpu *g, const ingot_gpu_program *program, const ingot_gpu_place *place) {
  uint64_t at = g->start[place->space] + place->offset;
  const uint64_t *sizes = place->space == INGOT_GPU_INPUT ? program->input_bytes : program->output_bytes;
  if (place->space == INGOT_GPU_INPUT || place->space == INGOT_GPU_OUTPUT)
    for (uint32_t i = 0; i < place->index; ++i)
      at += roundUp(sizes[i], INGOT_VULKAN_ALIGN);
  return at;
}
