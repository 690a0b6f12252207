package dev.bascule.formats.importer;

import dev.bascule.core.graph.Graph;
import java.util.List;

/**
 * A model as a graph.
 *
 * @param graph its constants lie in the arena that the importer was given
 * @param specializedOn inputs whose known values went into shapes: the graph holds for these values
 *     alone
 */
public record ImportedModel(Graph graph, List<String> specializedOn) {
  public ImportedModel {
    specializedOn = List.copyOf(specializedOn);
  }
}
