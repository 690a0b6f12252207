package dev.bascule.core.kernel;

import dev.bascule.core.ScalarType;

/**
 * A value under construction in a {@link KernelBuilder}: the index of its instruction, and its
 * type.
 */
public record Term(int index, ScalarType type) {}
