package dev.bascule.llm.template;

import java.util.List;

/** Values that belong together, as in a dict's items. */
record Tuple(List<Object> elements) {
  Tuple {
    elements = List.copyOf(elements);
  }
}
