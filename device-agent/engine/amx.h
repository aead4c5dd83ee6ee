// Included before every C++ file of the engine when it is built for AMX (see host.cmake).
//
// GCC 12's _tile_loadconfig tells the compiler that 8 of the 64 bytes are read. The engine fills a local structure
// and loads it, so the optimiser drops the other 56, and the first tile operation ends the process with SIGILL.
#if defined(__GNUC__) && !defined(__clang__) && defined(__AMX_TILE__)
#include <immintrin.h>
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg %0" ::"m"(*(const char(*)[64])(config)))
#endif
