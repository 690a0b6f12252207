package dev.bascule.models;

import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;

/**
 * A weight of linear layers as a graph reads it: a constant [n, k], or [experts, n, k], its rows
 * stored in {@code type}.
 */
public record Weight(Value value, WeightType type) {}
