# Levels the Hexagon kernels are compiled for; HexagonTarget says what features each needs. Vectors are those of v67, whose integer part
# later cores kept: what QEMU runs is what the DSP runs.
ingot_kernel_level(hexagon v68 --target=hexagon-unknown-linux-musl -mcpu=hexagonv68)
ingot_kernel_level(hexagon hvx --target=hexagon-unknown-linux-musl -mcpu=hexagonv68 -mhvx=v67 -mhvx-length=128b)
