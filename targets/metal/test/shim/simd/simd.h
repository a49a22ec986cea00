/* Nothing: the shaders use scalars and uint3 alone, which metal_stdlib defines. */
