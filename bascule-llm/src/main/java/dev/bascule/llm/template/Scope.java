package dev.bascule.llm.template;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Names and their values; what is not here is looked for in the scope around. */
final class Scope {
  private final Map<String, Object> values = new HashMap<>();
  private final Optional<Scope> around;

  private Scope(Optional<Scope> around) {
    this.around = around;
  }

  static Scope outermost() {
    return new Scope(Optional.empty());
  }

  Scope inner() {
    return new Scope(Optional.of(this));
  }

  void set(String name, Object value) {
    values.put(name, value);
  }

  Object get(String name) {
    for (Optional<Scope> scope = Optional.of(this); scope.isPresent(); scope = scope.get().around) {
      Object value = scope.get().values.get(name);
      if (value != null) {
        return value;
      }
    }
    return new Undefined("'" + name + "'");
  }
}
