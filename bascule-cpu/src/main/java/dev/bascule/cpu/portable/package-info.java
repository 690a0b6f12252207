/** The portable path: the kernel IR tile by tile in plain Java loops that the JIT vectorises. */
@NullMarked
package dev.bascule.cpu.portable;

import org.jspecify.annotations.NullMarked;
