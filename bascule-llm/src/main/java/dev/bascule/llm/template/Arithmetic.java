package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What operators do, as in Python. */
final class Arithmetic {
  private static final int POWER_MAX = 4096;

  private Arithmetic() {}

  static Object apply(Expression.Operator operator, Object a, Object b, Budget budget) {
    return switch (operator) {
      case CONCATENATE -> spent(PythonText.of(a).concat(PythonText.of(b)), budget);
      case ADD -> add(a, b, budget);
      case MULTIPLY -> multiply(a, b, budget);
      case SUBTRACT, DIVIDE, FLOOR_DIVIDE, MODULO, POWER -> numbers(operator, a, b);
    };
  }

  private static String spent(String text, Budget budget) {
    budget.spend(text.length());
    return text;
  }

  private static TemplateProblem unfit(Expression.Operator operator, Object a, Object b) {
    return new TemplateProblem(
        "two values that '" + operator.sign() + "' is for",
        Values.kind(a) + " and " + Values.kind(b));
  }

  private static Object add(Object a, Object b, Budget budget) {
    if (a instanceof String first && b instanceof String second) {
      budget.spend(first.length() + second.length());
      return first.concat(second);
    }
    boolean lists = a instanceof List && b instanceof List;
    if (lists || a instanceof Tuple && b instanceof Tuple) {
      List<Object> sum = new ArrayList<>(Values.elements(a));
      sum.addAll(Values.elements(b));
      budget.spend(sum.size());
      return lists ? sum : new Tuple(sum);
    }
    return numbers(Expression.Operator.ADD, a, b);
  }

  private static Object multiply(Object a, Object b, Budget budget) {
    if (Values.isWhole(a) && (b instanceof String || b instanceof List)) {
      return multiply(b, a, budget);
    }
    if (a instanceof String text && Values.isWhole(b)) {
      long times = Math.clamp(Values.whole(b), 0, Budget.UNITS);
      budget.spend(times * text.length());
      return text.repeat(text.isEmpty() ? 0 : (int) times);
    }
    if (a instanceof List<?> list && Values.isWhole(b)) {
      long times = list.isEmpty() ? 0 : Math.clamp(Values.whole(b), 0, Budget.UNITS);
      budget.spend(times * list.size());
      List<Object> product = new ArrayList<>();
      for (long i = 0; i < times; i++) {
        product.addAll(list);
      }
      return product;
    }
    return numbers(Expression.Operator.MULTIPLY, a, b);
  }

  private static Object numbers(Expression.Operator operator, Object a, Object b) {
    if (!Values.isNumber(a) || !Values.isNumber(b)) {
      throw unfit(operator, a, b);
    }
    try {
      return Values.isWhole(a) && Values.isWhole(b)
          ? whole(operator, Values.whole(a), Values.whole(b))
          : real(operator, Values.real(a), Values.real(b));
    } catch (ArithmeticException e) {
      throw new TemplateProblem(
          "a result of '" + operator.sign() + "' of 64 bits", "division by zero or a longer one");
    }
  }

  private static Object whole(Expression.Operator operator, long a, long b) {
    return switch (operator) {
      case ADD -> Math.addExact(a, b);
      case SUBTRACT -> Math.subtractExact(a, b);
      case MULTIPLY -> Math.multiplyExact(a, b);
      case DIVIDE -> real(operator, (double) a, (double) b);
      case FLOOR_DIVIDE -> Math.floorDiv(a, b);
      case MODULO -> Math.floorMod(a, b);
      case POWER -> power(a, b);
      case CONCATENATE -> throw new AssertionError(operator);
    };
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return Math.pow((double) base, (double) exponent);
    }
    if (exponent > POWER_MAX) {
      throw new ArithmeticException("too large");
    }
    long product = 1;
    for (long i = 0; i < exponent; i++) {
      product = Math.multiplyExact(product, base);
    }
    return product;
  }

  private static Object real(Expression.Operator operator, double a, double b) {
    boolean divides =
        operator == Expression.Operator.DIVIDE
            || operator == Expression.Operator.FLOOR_DIVIDE
            || operator == Expression.Operator.MODULO;
    if (divides && b == 0) {
      throw new ArithmeticException("division by zero");
    }
    return switch (operator) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case FLOOR_DIVIDE -> Math.floor(a / b);
      case MODULO -> a - b * Math.floor(a / b);
      case POWER -> Math.pow(a, b);
      case CONCATENATE -> throw new AssertionError(operator);
    };
  }

  static Object negative(Object value) {
    return Values.isWhole(value)
        ? numbers(Expression.Operator.SUBTRACT, 0L, value)
        : (Object) (-Values.real(value));
  }

  static boolean holds(Expression.Relation relation, Object a, Object b, Budget budget) {
    return switch (relation) {
      case EQUAL -> Values.equal(a, b, budget);
      case NOT_EQUAL -> !Values.equal(a, b, budget);
      case LESS -> Values.compare(a, b, budget) < 0;
      case LESS_OR_EQUAL -> Values.compare(a, b, budget) <= 0;
      case GREATER -> Values.compare(a, b, budget) > 0;
      case GREATER_OR_EQUAL -> Values.compare(a, b, budget) >= 0;
      case IN -> Values.contains(b, a, budget);
      case NOT_IN -> !Values.contains(b, a, budget);
    };
  }

  /** An element of a list, a text or a dict; undefined where there is none. */
  static Object subscript(Object of, Object index) {
    if (of instanceof Map<?, ?> map) {
      Object value = map.get(Values.key(index));
      return value == null ? new Undefined("the key " + PythonText.represent(index)) : value;
    }
    if (of instanceof Undefined(String what)) {
      throw new TemplateProblem("something that is defined", what + ", which is undefined");
    }
    boolean indexed = of instanceof List || of instanceof Tuple || of instanceof String;
    if (!indexed || !Values.isWhole(index)) {
      return new Undefined("an element of " + Values.kind(of));
    }
    List<Object> elements = Values.elements(of);
    long at = Values.whole(index);
    long place = at < 0 ? at + elements.size() : at;
    return place >= 0 && place < elements.size()
        ? elements.get((int) place)
        : new Undefined("element " + at + " of " + elements.size());
  }

  /** A part of a list or text, as Python's slices take it. */
  static Object slice(Object of, Object start, Object stop, Object step, Budget budget) {
    if (of instanceof Undefined
        || !(of instanceof String || of instanceof List || of instanceof Tuple)) {
      throw new TemplateProblem("a list or a text to take a part of", Values.kind(of));
    }
    List<Object> elements = Values.elements(of);
    int size = elements.size();
    budget.spend(size);
    long by =
        step == None.NONE
            ? 1
            : Math.clamp(Values.whole(step), -(long) Integer.MAX_VALUE, Integer.MAX_VALUE);
    if (by == 0) {
      throw new TemplateProblem("a step that is not 0", "0");
    }
    long from = bound(start, by > 0 ? 0 : size - 1, size, by);
    long to = bound(stop, by > 0 ? size : -1, size, by);
    List<Object> part = new ArrayList<>();
    for (long at = from; by > 0 ? at < to : at > to; at += by) {
      part.add(elements.get((int) at));
    }
    return switch (of) {
      case String ignored -> String.join("", part.stream().map(PythonText::of).toList());
      case Tuple ignored -> new Tuple(part);
      default -> part;
    };
  }

  private static long bound(Object given, long otherwise, int size, long step) {
    if (given == None.NONE) {
      return otherwise;
    }
    long at = Math.clamp(Values.whole(given), -(long) Integer.MAX_VALUE, Integer.MAX_VALUE);
    long place = at < 0 ? at + size : at;
    return step > 0 ? Math.clamp(place, 0, size) : Math.clamp(place, -1, size - 1);
  }
}
