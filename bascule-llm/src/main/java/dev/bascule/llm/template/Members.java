package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What stands behind a dot: a value's methods, and a dict's members. */
final class Members {
  private Members() {}

  /** As {@code value.name}: a method first, then a member. */
  static Object attribute(Object value, String name, Budget budget) {
    Optional<? extends Object> found =
        switch (value) {
          case String text -> TextMethods.find(text, name, budget);
          case Map<?, ?> map -> dictMethod(map, name);
          case List<?> list -> listMethod(list, name, budget);
          case Tuple(List<Object> elements) -> listMethod(elements, name, budget);
          case Namespace namespace -> Optional.ofNullable(namespace.attributes().get(name));
          case Loop loop -> loop.attribute(name, budget);
          case Undefined(String what) ->
              throw new TemplateProblem(
                  "something that has '" + name + "'", what + ", which is undefined");
          default -> Optional.empty();
        };
    if (found.isPresent()) {
      return found.get();
    }
    return value instanceof Map
        ? Arithmetic.subscript(value, name)
        : new Undefined("'" + name + "' of " + Values.kind(value));
  }

  private static Optional<Callable> dictMethod(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" -> Optional.of(a -> items(map));
      case "keys" -> Optional.of(a -> Values.elements(map));
      case "values" -> Optional.of(a -> new ArrayList<Object>(map.values()));
      case "get" ->
          Optional.of(a -> {
            Object value = map.get(Values.key(a.get(0, "key")));
            return value == null ? a.find(1, "default").orElse(None.NONE) : value;
          });
      case "copy" -> Optional.of(a -> new LinkedHashMap<Object, Object>(map));
      default -> Optional.empty();
    };
  }

  static List<Object> items(Map<?, ?> map) {
    List<Object> items = new ArrayList<>();
    map.forEach((key, value) -> items.add(new Tuple(List.of(key, value))));
    return items;
  }

  private static Optional<Callable> listMethod(List<?> list, String name, Budget budget) {
    return switch (name) {
      case "append" ->
          Optional.of(a -> {
            budget.spend(1);
            own(list).add(a.get(0, "object"));
            return None.NONE;
          });
      case "pop" ->
          Optional.of(a -> {
            Object last = a.find(0, "index").orElse(-1L);
            long index = Values.index(last, "an index", -list.size(), list.size() - 1L);
            return own(list).remove((int) (index < 0 ? index + list.size() : index));
          });
      case "index" ->
          Optional.of(a -> {
            for (int i = 0; i < list.size(); i++) {
              if (Values.equal(Values.elements(list).get(i), a.get(0, "value"), budget)) {
                return (long) i;
              }
            }
            throw new TemplateProblem("an element of the list", "another value");
          });
      case "count" ->
          Optional.of(a ->
              Values.elements(list).stream()
                  .filter(element -> Values.equal(element, a.get(0, "value"), budget))
                  .count());
      default -> Optional.empty();
    };
  }

  /** A list that the template made; what came from outside stays as it is. */
  @SuppressWarnings("unchecked") // lists of templates hold objects
  private static List<Object> own(List<?> list) {
    if (list instanceof ArrayList) {
      return (List<Object>) list;
    }
    throw new TemplateProblem("a list that the template made", "one that was given to it");
  }
}
