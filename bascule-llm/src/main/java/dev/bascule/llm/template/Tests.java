package dev.bascule.llm.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What may stand behind {@code is}. */
final class Tests {
  private static final List<String> NAMES =
      List.of(
          "defined",
          "undefined",
          "none",
          "string",
          "number",
          "integer",
          "float",
          "boolean",
          "true",
          "false",
          "mapping",
          "sequence",
          "iterable",
          "callable",
          "in",
          "eq",
          "equalto",
          "==",
          "ne",
          "lt",
          "lessthan",
          "le",
          "gt",
          "greaterthan",
          "ge",
          "odd",
          "even",
          "divisibleby",
          "lower",
          "upper",
          "sameas");

  private Tests() {}

  static boolean holds(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "string" -> value instanceof String;
      case "number" -> Values.isNumber(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value instanceof Boolean truth && truth;
      case "false" -> value instanceof Boolean truth && !truth;
      case "mapping" -> value instanceof Map;
      case "sequence" -> Values.isIterable(value);
      case "iterable" -> Values.isIterable(value);
      case "callable" -> value instanceof Callable;
      case "odd" -> Math.floorMod(Values.whole(value), 2L) == 1;
      case "even" -> Math.floorMod(Values.whole(value), 2L) == 0;
      case "lower" -> isCase(value, text -> text.toLowerCase(Locale.ROOT));
      case "upper" -> isCase(value, text -> text.toUpperCase(Locale.ROOT));
      default -> relates(name, value, arguments, budget);
    };
  }

  private static boolean isCase(Object value, java.util.function.UnaryOperator<String> change) {
    String text = PythonText.of(value);
    return change.apply(text).equals(text) && text.codePoints().anyMatch(Character::isLetter);
  }

  private static boolean relates(String name, Object value, Arguments arguments, Budget budget) {
    if (!NAMES.contains(name)) {
      throw new TemplateProblem("one of the tests " + String.join(", ", NAMES), "'" + name + "'");
    }
    Object other = arguments.get(0, "other");
    return switch (name) {
      case "in" -> Values.contains(other, value, budget);
      case "ne" -> !Values.equal(value, other, budget);
      case "lt", "lessthan" -> Values.compare(value, other, budget) < 0;
      case "le" -> Values.compare(value, other, budget) <= 0;
      case "gt", "greaterthan" -> Values.compare(value, other, budget) > 0;
      case "ge" -> Values.compare(value, other, budget) >= 0;
      case "divisibleby" -> {
        long divisor = Values.whole(other);
        if (divisor == 0) {
          throw new TemplateProblem("a divisor that is not 0", "0");
        }
        yield Values.whole(value) % divisor == 0;
      }
      case "sameas" -> Values.isScalar(value) && value.equals(other);
      default -> Values.equal(value, other, budget);
    };
  }
}
