package dev.bascule.llm.template;

import java.util.List;
import java.util.Optional;

/** The variable {@code loop}: where a loop is. */
final class Loop {
  private final List<Object> elements;
  private int index;
  private Object changing = new Undefined("nothing yet");

  Loop(List<Object> elements) {
    this.elements = elements;
  }

  void moveTo(int other) {
    index = other;
  }

  Optional<Object> attribute(String name, Budget budget) {
    int size = elements.size();
    return switch (name) {
      case "index" -> Optional.of(index + 1L);
      case "index0" -> Optional.of((long) index);
      case "revindex" -> Optional.of((long) size - index);
      case "revindex0" -> Optional.of(size - index - 1L);
      case "first" -> Optional.of(index == 0);
      case "last" -> Optional.of(index == size - 1);
      case "length" -> Optional.of((long) size);
      // of recursion, which these loops do not have
      case "depth" -> Optional.of(1L);
      case "depth0" -> Optional.of(0L);
      case "previtem" ->
          Optional.of(index > 0 ? elements.get(index - 1) : new Undefined("an element before"));
      case "nextitem" ->
          Optional.of(
              index + 1 < size ? elements.get(index + 1) : new Undefined("an element behind"));
      case "cycle" ->
          Optional.of(
              (Callable)
                  a -> {
                    if (a.positional().isEmpty()) {
                      throw new TemplateProblem("something to cycle through", "nothing");
                    }
                    return a.positional().get(index % a.positional().size());
                  });
      case "changed" ->
          Optional.of(
              (Callable)
                  a -> {
                    Object now = new Tuple(a.positional());
                    boolean same = Values.equal(now, changing, budget);
                    changing = now;
                    return !same;
                  });
      default -> Optional.empty();
    };
  }
}
