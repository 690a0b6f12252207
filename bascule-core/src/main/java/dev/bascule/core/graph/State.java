package dev.bascule.core.graph;

import dev.bascule.core.TensorType;

/**
 * A named tensor that lives between runs: a cache, a parameter, an optimizer moment. A graph reads
 * its first version as an ordinary value and names its last version as an update; every version in
 * between is a value too, so the order of reads and writes is the order of the graph.
 */
public record State(String name, TensorType type) {}
