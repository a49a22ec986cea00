/* The functions of ingot/gpu.h. A context's device is made by its first run; later ones copy inputs in, run stretches and CPU kernels
 * in turn on the mapped block, and copy outputs out. */
#include "api.h"

static void destroy(gpu *g) {
  if (g->device && g->vkDeviceWaitIdle) {
    g->vkDeviceWaitIdle(g->device);
    for (uint32_t i = 0; g->pipelines && i < g->model->shader_count; ++i) {
      g->vkDestroyPipeline(g->device, g->pipelines[i].pipeline, 0);
      g->vkDestroyPipelineLayout(g->device, g->pipelines[i].layout, 0);
      g->vkDestroyDescriptorSetLayout(g->device, g->pipelines[i].sets, 0);
    }
    g->vkDestroyFence(g->device, g->fence, 0);
    g->vkDestroyCommandPool(g->device, g->pool, 0);
    g->vkDestroyDescriptorPool(g->device, g->descriptors, 0);
    g->vkDestroyBuffer(g->device, g->buffer, 0);
    g->vkFreeMemory(g->device, g->memory, 0);
    g->vkFreeMemory(g->device, g->tables, 0);
    g->vkDestroyDevice(g->device, 0);
  }
  if (g->instance && g->vkDestroyInstance)
    g->vkDestroyInstance(g->instance, 0);
}

/* When the device could not be made there are no tables to keep a context in: the slot then holds twice the sentence's address plus 1,
 * which is odd and loses nothing, because no address has its top bit set. */
static const char *failureOf(const void *slot) { return (uintptr_t)slot & 1 ? (const char *)((uintptr_t)slot >> 1) : 0; }

/* Opens the context's device, or leaves the reason in the slot. */
static gpu *open(const ingot_gpu_model *model, const ingot_frame *frame) {
  gpu local, *g = &local;
  memset(&local, 0, sizeof local);
  local.model = model;
  const char *problem = model->version == INGOT_GPU_VERSION ? loadInstance(g) : "the program was compiled for another version of the runtime";
  if (!problem)
    problem = pickPhysical(g);
  if (!problem)
    problem = createDevice(g);
  if (!problem)
    problem = createBlock(g);
  if (!problem)
    problem = createTables(g, &g);
  if (!problem)
    problem = recordAll(g);
  if (problem) {
    gpu copy;
    memcpy(&copy, g, sizeof copy);
    destroy(&copy);
    *frame->device = (void *)((uintptr_t)problem << 1 | 1);
    return 0;
  }
  memcpy(g->mapped + g->start[INGOT_GPU_WEIGHTS], frame->weights, (size_t)model->weights_bytes);
  *frame->device = g;
  return g;
}

static const char *runStretch(gpu *g, VkCommandBuffer commands) {
  VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
  if (g->vkQueueSubmit(g->queue, 1, &info, g->fence) != VK_SUCCESS || g->vkWaitForFences(g->device, 1, &g->fence, VK_TRUE, UINT64_MAX) != VK_SUCCESS ||
      g->vkResetFences(g->device, 1, &g->fence) != VK_SUCCESS)
    return "the Vulkan device was lost";
  return 0;
}

/* Most buffers of a CPU kernel. */
#define INGOT_VULKAN_BUFFERS 64u

static const char *runKernel(gpu *g, const ingot_gpu_program *program, const ingot_gpu_step *step, const ingot_frame *frame) {
  void *buffers[INGOT_VULKAN_BUFFERS];
  if (step->count > INGOT_VULKAN_BUFFERS)
    return "a kernel has more buffers than the runtime allows";
  for (uint32_t i = 0; i < step->count; ++i)
    buffers[i] = step->places[i].space == INGOT_GPU_SCRATCH ? frame->scratch + step->places[i].offset : g->mapped + placeOf(g, program, &step->places[i]);
  step->kernel(buffers, step->params, 0, 1);
  return 0;
}

void ingot_gpu_run(const ingot_gpu_model *model, uint32_t index, const ingot_frame *frame) {
  gpu *g = *frame->device;
  if (!g || failureOf(g) || g->model != model)
    g = open(model, frame);
  if (!g)
    return;
  const ingot_gpu_program *program = &model->programs[index];
  VkCommandBuffer *commands = g->commands;
  for (uint32_t i = 0; i < index; ++i)
    commands += model->programs[i].step_count;
  for (uint32_t i = 0; i < program->input_count; ++i) {
    ingot_gpu_place place = {INGOT_GPU_INPUT, i, 0, 0};
    memcpy(g->mapped + placeOf(g, program, &place), frame->inputs[i], (size_t)program->input_bytes[i]);
  }
  if (model->state_bytes)
    memcpy(g->mapped + g->start[INGOT_GPU_STATE], frame->state, (size_t)model->state_bytes);
  g->problem = 0;
  for (uint32_t s = 0; s < program->step_count && !g->problem; ++s) {
    if (program->steps[s].kernel)
      g->problem = runKernel(g, program, &program->steps[s], frame);
    else if (commands[s])
      g->problem = runStretch(g, commands[s]);
  }
  if (g->problem)
    return;
  for (uint32_t i = 0; i < program->output_count; ++i) {
    ingot_gpu_place place = {INGOT_GPU_OUTPUT, i, 0, 0};
    memcpy(frame->outputs[i], g->mapped + placeOf(g, program, &place), (size_t)program->output_bytes[i]);
  }
  if (model->state_bytes)
    memcpy(frame->state, g->mapped + g->start[INGOT_GPU_STATE], (size_t)model->state_bytes);
}

const char *ingot_gpu_problem(void *const *device) {
  const gpu *g = *device;
  return !g ? "no run has been made" : failureOf(g) ? failureOf(g) : g->problem;
}

void ingot_gpu_close(void **device) {
  gpu *g = *device, copy;
  *device = 0;
  if (!g || failureOf(g))
    return;
  memcpy(&copy, g, sizeof copy);
  destroy(&copy);
}
