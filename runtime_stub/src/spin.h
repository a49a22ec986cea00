/* How workers wait for each other while they are about equally far: looking again, without giving the core away. Private. */
#ifndef INGOT_SRC_SPIN_H
#define INGOT_SRC_SPIN_H

/* Looks before the core is given away: some 50 microseconds, many times what workers of equal speed are apart. */
#define INGOT_SPINS 1024u

/* Tells the core that this is a spin loop. */
static inline void ingot_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("pause");
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#elif defined(__hexagon__)
  __asm__ volatile("pause(#8)");
#endif
}

#endif
