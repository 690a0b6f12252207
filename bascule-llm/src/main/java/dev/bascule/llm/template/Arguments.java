package dev.bascule.llm.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The values that something is called with. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  Arguments {
    positional = List.copyOf(positional);
    named = new LinkedHashMap<>(named);
  }

  /** The argument at this place or of this name. */
  Optional<Object> find(int index, String name) {
    return index < positional.size()
        ? Optional.of(positional.get(index))
        : Optional.ofNullable(named.get(name));
  }

  Object get(int index, String name) {
    return find(index, name)
        .orElseThrow(() -> new TemplateProblem("an argument '" + name + "'", "none"));
  }

  /** The same without the first of those without a name. */
  Arguments rest() {
    return new Arguments(positional.subList(1, positional.size()), named);
  }
}
