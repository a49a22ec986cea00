# The functions that Halide generates for a level: ingot_halide_stencil(NAME GENERATOR ARGUMENTS...).
ingot_halide_stencil(hl_maxpool_s1 pool rows=${halide_rows})
ingot_halide_stencil(hl_avgpool2_s2 pool taps=2 stride=2 rows=${halide_rows})
