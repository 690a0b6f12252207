/** From the kernel IR to machine code: Map and Row kernels for AVX-512 and AVX2. */
@NullMarked
package dev.bascule.cpu.emit;

import org.jspecify.annotations.NullMarked;
