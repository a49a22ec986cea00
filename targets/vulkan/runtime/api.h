/* The functions of Vulkan that the runtime calls, and what it keeps for a context. */
#ifndef INGOT_VULKAN_API_H
#define INGOT_VULKAN_API_H

#include "ingot/gpu.h"

#include <vulkan/vulkan.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance, const char *name);

#define INGOT_VULKAN_INSTANCE(F)                                                                                        \
  F(vkDestroyInstance) F(vkEnumeratePhysicalDevices) F(vkGetPhysicalDeviceQueueFamilyProperties) F(vkCreateDevice)        \
  F(vkGetDeviceProcAddr) F(vkGetPhysicalDeviceMemoryProperties) F(vkGetPhysicalDeviceProperties) F(vkGetPhysicalDeviceFeatures2) \
  F(vkEnumerateDeviceExtensionProperties)
#define INGOT_VULKAN_DEVICE(F)                                                                                          \
  F(vkDestroyDevice) F(vkGetDeviceQueue) F(vkCreateBuffer) F(vkDestroyBuffer) F(vkGetBufferMemoryRequirements)            \
  F(vkAllocateMemory) F(vkFreeMemory) F(vkBindBufferMemory) F(vkMapMemory) F(vkCreateShaderModule) F(vkDestroyShaderModule) \
  F(vkCreateDescriptorSetLayout) F(vkDestroyDescriptorSetLayout) F(vkCreatePipelineLayout) F(vkDestroyPipelineLayout)     \
  F(vkCreateComputePipelines) F(vkDestroyPipeline) F(vkCreateDescriptorPool) F(vkDestroyDescriptorPool)                   \
  F(vkAllocateDescriptorSets) F(vkUpdateDescriptorSets) F(vkCreateCommandPool) F(vkDestroyCommandPool)                    \
  F(vkAllocateCommandBuffers) F(vkBeginCommandBuffer) F(vkEndCommandBuffer) F(vkCmdBindPipeline)                          \
  F(vkCmdBindDescriptorSets) F(vkCmdPipelineBarrier) F(vkCmdDispatch) F(vkQueueSubmit) F(vkCreateFence) F(vkDestroyFence)  \
  F(vkWaitForFences) F(vkResetFences) F(vkDeviceWaitIdle)

/* Most storage buffers of one shader; the least that every device allows is 4 a stage, phones have 24 and more. */
#define INGOT_VULKAN_VIEWS 16u
/* Where spaces begin in the block: no device asks for more. */
#define INGOT_VULKAN_ALIGN 256u

typedef struct pipeline {
  VkPipeline pipeline;
  VkPipelineLayout layout;
  VkDescriptorSetLayout sets;
} pipeline;

/* Everything of one context. It lies at the start of the block's tables, in memory that the device gives. */
typedef struct gpu {
  const ingot_gpu_model *model;
  const char *problem; /* of the last run */
  VkInstance instance;
  VkPhysicalDevice physical;
  VkDevice device;
  VkQueue queue;
  uint32_t family;
  uint32_t pad;
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkDeviceMemory tables;
  uint8_t *mapped;
  uint64_t start[5]; /* of each space in the block, by INGOT_GPU_* */
  uint64_t bytes;
  pipeline *pipelines;       /* [shader_count] */
  VkCommandBuffer *commands; /* [programs][steps]: a stretch of shaders has its buffer at its first step */
  VkDescriptorPool descriptors;
  VkCommandPool pool;
  VkFence fence;
#define F(name) PFN_##name name;
  INGOT_VULKAN_INSTANCE(F)
  INGOT_VULKAN_DEVICE(F)
#undef F
} gpu;

#endif
