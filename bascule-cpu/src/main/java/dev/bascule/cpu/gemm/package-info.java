/**
 * Dense matrix multiplication on the CPU, emitted for the instruction set at hand.
 *
 * <p>Every output is one accumulator that takes {@code fma(a[k], b[k], accumulator)} in ascending k
 * from its initial value. Blocking, instruction set, packing and threads choose the order in which
 * <em>different</em> outputs advance, never the order within one: the bits are those of a scalar
 * loop.
 */
@NullMarked
package dev.bascule.cpu.gemm;

import org.jspecify.annotations.NullMarked;
