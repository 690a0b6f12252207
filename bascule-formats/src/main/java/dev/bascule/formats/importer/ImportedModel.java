package dev.bascule.formats.importer;

import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Graph;
import java.util.List;

/**
 * A model as a graph.
 *
 * @param graph its constants lie in the arena that the importer was given
 * @param specializedOn inputs whose known values went into shapes: the graph holds for these values
 *     alone
 * @param narrowed dimensions that the model itself allows less of than was asked for, with the
 *     range that holds
 */
public record ImportedModel(Graph graph, List<String> specializedOn, List<Symbol> narrowed) {
  public ImportedModel {
    narrowed = List.copyOf(narrowed);
    specializedOn = List.copyOf(specializedOn);
  }
}
