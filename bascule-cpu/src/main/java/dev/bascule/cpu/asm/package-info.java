/**
 * An x86-64 assembler and the memory its code runs from: what the CPU device emits its kernels
 * with.
 *
 * <p>Code follows the System V calling convention. Encodings follow the Intel 64 manual, volume 2
 * (VEX: section 2.3, EVEX: section 2.7), and are compared with GNU {@code as} byte for byte by the
 * tests.
 */
@NullMarked
package dev.bascule.cpu.asm;

import org.jspecify.annotations.NullMarked;
