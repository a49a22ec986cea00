/* The runtime of Vulkan devices in one object: device.c makes the device and its memory, record.c pipelines and command buffers, run.c
 * runs programs. Freestanding C11 on vulkan.h; the loader's vkGetInstanceProcAddr is the only symbol it needs beside memcpy. */
#define VK_NO_PROTOTYPES
#include "api.h"

#include "device.c"
#include "record.c"
#include "run.c"
