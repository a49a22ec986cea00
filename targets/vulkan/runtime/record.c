/* Pipelines from the shaders' SPIR-V, and one command buffer for each stretch of shaders between CPU steps, recorded once. */
#include "api.h"

static const char *createPipeline(gpu *g, const ingot_gpu_shader *shader, pipeline *out) {
  VkDescriptorSetLayoutBinding bindings[INGOT_VULKAN_VIEWS];
  if (shader->views > INGOT_VULKAN_VIEWS)
    return "a shader has more storage buffers than the runtime allows";
  for (uint32_t i = 0; i < shader->views; ++i)
    bindings[i] = (VkDescriptorSetLayoutBinding){i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, 0};
  VkDescriptorSetLayoutCreateInfo sets = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = shader->views, .pBindings = bindings};
  if (g->vkCreateDescriptorSetLayout(g->device, &sets, 0, &out->sets) != VK_SUCCESS)
    return "the Vulkan device makes no layout of storage buffers";
  VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1, .pSetLayouts = &out->sets};
  if (g->vkCreatePipelineLayout(g->device, &layout, 0, &out->layout) != VK_SUCCESS)
    return "the Vulkan device makes no pipeline layout";
  VkShaderModuleCreateInfo code = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = (size_t)shader->code_bytes, .pCode = shader->code};
  VkShaderModule module;
  if (g->vkCreateShaderModule(g->device, &code, 0, &module) != VK_SUCCESS)
    return "the Vulkan device refuses a shader";
  VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                      .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                .module = module,
                                                .pName = "main"},
                                      .layout = out->layout};
  VkResult made = g->vkCreateComputePipelines(g->device, 0, 1, &info, 0, &out->pipeline);
  g->vkDestroyShaderModule(g->device, module, 0);
  return made == VK_SUCCESS ? 0 : "the Vulkan device compiles no pipeline of a shader";
}

static const char *createPools(gpu *g) {
  uint32_t sets = 0, views = 0, buffers = 0;
  for (uint32_t i = 0; i < g->model->program_count; ++i)
    for (uint32_t s = 0; s < g->model->programs[i].step_count; ++s)
      if (!g->model->programs[i].steps[s].kernel)
        ++sets, views += g->model->programs[i].steps[s].count, ++buffers;
  VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, views + 1};
  VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = sets + 1, .poolSizeCount = 1, .pPoolSizes = &size};
  VkCommandPoolCreateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = g->family};
  VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  if (g->vkCreateDescriptorPool(g->device, &pool, 0, &g->descriptors) != VK_SUCCESS ||
      g->vkCreateCommandPool(g->device, &commands, 0, &g->pool) != VK_SUCCESS || g->vkCreateFence(g->device, &fence, 0, &g->fence) != VK_SUCCESS)
    return "the Vulkan device makes no pools";
  return 0;
}

static const char *recordStep(gpu *g, const ingot_gpu_program *program, const ingot_gpu_step *step, VkCommandBuffer commands) {
  const pipeline *p = &g->pipelines[step->shader];
  const ingot_gpu_shader *shader = &g->model->shaders[step->shader];
  VkDescriptorSet set;
  VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = g->descriptors, .descriptorSetCount = 1, .pSetLayouts = &p->sets};
  if (g->vkAllocateDescriptorSets(g->device, &info, &set) != VK_SUCCESS)
    return "the Vulkan device has no descriptors left";
  for (uint32_t i = 0; i < step->count; ++i) {
    VkDescriptorBufferInfo where = {g->buffer, placeOf(g, program, &step->places[i]), roundUp(step->places[i].bytes ? step->places[i].bytes : 1, 4)};
    VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .dstBinding = i, .descriptorCount = 1,
                                  .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .pBufferInfo = &where};
    g->vkUpdateDescriptorSets(g->device, 1, &write, 0, 0);
  }
  if (step->wait) {
    VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_SHADER_READ_BIT,
                               .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    g->vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, 0, 0, 0);
  }
  g->vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipeline);
  g->vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, p->layout, 0, 1, &set, 0, 0);
  g->vkCmdDispatch(commands, shader->groups[0], shader->groups[1], 1);
  return 0;
}

/* What the shaders of a stretch wrote, for the CPU. */
static void finishStretch(gpu *g, VkCommandBuffer commands) {
  VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT, .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
  g->vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, 0, 0, 0);
}

/* commands // [step_count] of this program. */
static const char *recordProgram(gpu *g, const ingot_gpu_program *program, VkCommandBuffer *commands) {
  VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = g->pool,
                                      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 1};
  VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  for (uint32_t s = 0; s < program->step_count;) {
    if (program->steps[s].kernel) {
      ++s;
      continue;
    }
    VkCommandBuffer *stretch = &commands[s];
    if (g->vkAllocateCommandBuffers(g->device, &info, stretch) != VK_SUCCESS || g->vkBeginCommandBuffer(*stretch, &begin) != VK_SUCCESS)
      return "the Vulkan device makes no command buffer";
    for (; s < program->step_count && !program->steps[s].kernel; ++s) {
      const char *problem = recordStep(g, program, &program->steps[s], *stretch);
      if (problem)
        return problem;
    }
    finishStretch(g, *stretch);
    if (g->vkEndCommandBuffer(*stretch) != VK_SUCCESS)
      return "the Vulkan device refuses the commands of a program";
  }
  return 0;
}

static const char *recordAll(gpu *g) {
  const ingot_gpu_model *m = g->model;
  for (uint32_t i = 0; i < m->shader_count; ++i) {
    const char *problem = createPipeline(g, &m->shaders[i], &g->pipelines[i]);
    if (problem)
      return problem;
  }
  const char *problem = createPools(g);
  VkCommandBuffer *commands = g->commands;
  for (uint32_t i = 0; !problem && i < m->program_count; commands += m->programs[i++].step_count)
    problem = recordProgram(g, &m->programs[i], commands);
  return problem;
}
