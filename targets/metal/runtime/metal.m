// The runtime of Apple's GPUs: add this file to the application (ARC on) and link Metal.framework; <name>.h and lib<name>.a are used as on
// a CPU. It walks the tables of ingot/gpu.h: pipelines from the shaders' text, one command buffer a stretch of shaders between CPU steps,
// all memory in one shared buffer. A context's device is made by its first run and given back by ingot_gpu_close.
#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

#include "ingot/gpu.h"

#include <string.h>

static const NSUInteger kAlign = 256;

static NSUInteger RoundUp(NSUInteger bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

@interface IngotDevice : NSObject
@property(nonatomic) NSString *problem;
@end

@implementation IngotDevice {
  const ingot_gpu_model *_model;
  id<MTLDevice> _device;
  id<MTLCommandQueue> _queue;
  id<MTLBuffer> _block;
  NSMutableArray<id<MTLComputePipelineState>> *_pipelines;
  NSUInteger _start[5];
}

- (NSString *)open:(const ingot_gpu_model *)model weights:(const uint8_t *)weights {
  _model = model;
  if (model->version != INGOT_GPU_VERSION)
    return @"the program was compiled for another version of the runtime";
  _device = MTLCreateSystemDefaultDevice();
  _queue = [_device newCommandQueue];
  if (!_queue)
    return @"there is no Metal device";
  [self layOut];
  if (!_block)
    return @"the Metal device has no memory for the model";
  if (model->weights_bytes)
    memcpy(_block.contents, weights, model->weights_bytes);
  _pipelines = [NSMutableArray array];
  for (uint32_t i = 0; i < model->shader_count; ++i) {
    NSError *error = nil;
    const ingot_gpu_shader *shader = &model->shaders[i];
    NSString *text = [[NSString alloc] initWithBytes:shader->code length:shader->code_bytes encoding:NSUTF8StringEncoding];
    MTLCompileOptions *options = [MTLCompileOptions new];
    options.fastMathEnabled = NO; // results are those of every other target
    id<MTLLibrary> library = [_device newLibraryWithSource:text options:options error:&error];
    id<MTLFunction> function = [library newFunctionWithName:@"main0"];
    id<MTLComputePipelineState> pipeline = function ? [_device newComputePipelineStateWithFunction:function error:&error] : nil;
    if (!pipeline)
      return [NSString stringWithFormat:@"shader '%s' does not compile: %@", shader->name, error.localizedDescription];
    [_pipelines addObject:pipeline];
  }
  return nil;
}

// [weights][arena][state][inputs][outputs]; inputs and outputs as large as the largest program's.
- (void)layOut {
  NSUInteger inputs = 0, outputs = 0;
  for (uint32_t i = 0; i < _model->program_count; ++i) {
    const ingot_gpu_program *program = &_model->programs[i];
    NSUInteger in = 0, out = 0;
    for (uint32_t k = 0; k < program->input_count; ++k)
      in += RoundUp(program->input_bytes[k]);
    for (uint32_t k = 0; k < program->output_count; ++k)
      out += RoundUp(program->output_bytes[k]);
    inputs = MAX(inputs, in);
    outputs = MAX(outputs, out);
  }
  _start[INGOT_GPU_WEIGHTS] = 0;
  _start[INGOT_GPU_ARENA] = RoundUp(_model->weights_bytes);
  _start[INGOT_GPU_STATE] = _start[INGOT_GPU_ARENA] + RoundUp(_model->arena_bytes);
  _start[INGOT_GPU_INPUT] = _start[INGOT_GPU_STATE] + RoundUp(_model->state_bytes);
  _start[INGOT_GPU_OUTPUT] = _start[INGOT_GPU_INPUT] + inputs;
  _block = [_device newBufferWithLength:_start[INGOT_GPU_OUTPUT] + outputs + kAlign options:MTLResourceStorageModeShared];
}

- (NSUInteger)offsetOf:(const ingot_gpu_place *)place in:(const ingot_gpu_program *)program {
  NSUInteger at = _start[place->space] + place->offset;
  const uint64_t *sizes = place->space == INGOT_GPU_INPUT ? program->input_bytes : program->output_bytes;
  for (uint32_t i = 0; place->space >= INGOT_GPU_INPUT && i < place->index; ++i)
    at += RoundUp(sizes[i]);
  return at;
}

- (uint8_t *)addressOf:(const ingot_gpu_place *)place in:(const ingot_gpu_program *)program {
  return (uint8_t *)_block.contents + [self offsetOf:place in:program];
}

// Encodes steps from `first` on up to the next CPU step and waits for them; returns where it stopped.
- (uint32_t)runStretch:(const ingot_gpu_program *)program from:(uint32_t)first {
  id<MTLCommandBuffer> commands = [_queue commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent];
  uint32_t s = first;
  for (; s < program->step_count && !program->steps[s].kernel; ++s) {
    const ingot_gpu_step *step = &program->steps[s];
    const ingot_gpu_shader *shader = &_model->shaders[step->shader];
    if (step->wait)
      [encoder memoryBarrierWithScope:MTLBarrierScopeBuffers];
    [encoder setComputePipelineState:_pipelines[step->shader]];
    for (uint32_t i = 0; i < step->count; ++i)
      [encoder setBuffer:_block offset:[self offsetOf:&step->places[i] in:program] atIndex:i];
    [encoder dispatchThreadgroups:MTLSizeMake(shader->groups[0], shader->groups[1], 1) threadsPerThreadgroup:MTLSizeMake(INGOT_GPU_GROUP, 1, 1)];
  }
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  self.problem = commands.error.localizedDescription;
  return s;
}

- (void)run:(uint32_t)index frame:(const ingot_frame *)frame {
  const ingot_gpu_program *program = &_model->programs[index];
  self.problem = nil;
  for (uint32_t i = 0; i < program->input_count; ++i)
    memcpy([self addressOf:&(ingot_gpu_place){INGOT_GPU_INPUT, i, 0, 0} in:program], frame->inputs[i], program->input_bytes[i]);
  if (_model->state_bytes)
    memcpy((uint8_t *)_block.contents + _start[INGOT_GPU_STATE], frame->state, _model->state_bytes);
  for (uint32_t s = 0; s < program->step_count && !self.problem;) {
    const ingot_gpu_step *step = &program->steps[s];
    if (!step->kernel) {
      s = [self runStretch:program from:s];
      continue;
    }
    void *buffers[64];
    for (uint32_t i = 0; i < step->count; ++i)
      buffers[i] = step->places[i].space == INGOT_GPU_SCRATCH ? frame->scratch + step->places[i].offset : [self addressOf:&step->places[i] in:program];
    step->kernel(buffers, step->params, 0, 1);
    ++s;
  }
  if (self.problem)
    return;
  for (uint32_t i = 0; i < program->output_count; ++i)
    memcpy(frame->outputs[i], [self addressOf:&(ingot_gpu_place){INGOT_GPU_OUTPUT, i, 0, 0} in:program], program->output_bytes[i]);
  if (_model->state_bytes)
    memcpy(frame->state, (uint8_t *)_block.contents + _start[INGOT_GPU_STATE], _model->state_bytes);
}

@end

void ingot_gpu_run(const ingot_gpu_model *model, uint32_t program, const ingot_frame *frame) {
  @autoreleasepool {
    IngotDevice *device = (__bridge IngotDevice *)*frame->device;
    if (!device) {
      device = [IngotDevice new];
      *frame->device = (void *)CFBridgingRetain(device);
      device.problem = [device open:model weights:frame->weights];
      if (device.problem)
        return;
    }
    [device run:program frame:frame];
  }
}

const char *ingot_gpu_problem(void *const *slot) {
  IngotDevice *device = (__bridge IngotDevice *)*slot;
  return device ? device.problem.UTF8String : "no run has been made";
}

void ingot_gpu_close(void **slot) {
  if (*slot)
    CFBridgingRelease(*slot);
  *slot = NULL;
}
