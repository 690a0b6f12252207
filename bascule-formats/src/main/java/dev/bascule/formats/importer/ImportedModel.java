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
 * @param notes what was recognized and rewritten on the way, for {@code --explain}
 */
public record ImportedModel(
    Graph graph, List<String> specializedOn, List<Symbol> narrowed, List<String> notes) {
  public ImportedModel {
    narrowed = List.copyOf(narrowed);
    notes = List.copyOf(notes);
    specializedOn = List.copyOf(specializedOn);
    notes = List.copyOf(notes);
  }
}
