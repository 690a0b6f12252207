package dev.bascule.formats.importer;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Einstein's summation, {@code bij,bjk->bik}: operands are taken two by two, and of two the labels
 * fall into those of a matrix product - shared and kept (batch), shared and summed (inner), and
 * those of one operand alone (rows, columns). A label that stands for the axes of an ellipsis is a
 * digit, counted from the right.
 */
final class EinsumOperator {
  private static final int ELLIPSIS_AXES_MAX = 10;

  /** A value with a label for each axis. */
  private record Labelled(Value value, String labels) {
    Dim extent(char label) {
      return value.shape().dim(labels.indexOf(label));
    }
  }

  private final NodeContext node;

  private EinsumOperator(NodeContext node) {
    this.node = node;
  }

  static void addTo(Table table) {
    table.row("Einsum", 12, node -> new EinsumOperator(node).rewrite());
  }

  private Value rewrite() {
    String equation = node.text("equation", "").replace(" ", "");
    int arrow = equation.indexOf("->");
    String left = arrow < 0 ? equation : equation.substring(0, arrow);
    String[] terms = left.split(",", -1);
    if (terms.length != node.inputCount() || equation.isEmpty()) {
      throw node.wrong("an equation of " + node.inputCount() + " terms", "'" + equation + "'");
    }
    List<Labelled> operands = new ArrayList<>();
    int ellipsis = 0;
    for (int i = 0; i < terms.length; i++) {
      int more = node.rank(i) - terms[i].replace(".", "").length();
      ellipsis = Math.max(ellipsis, terms[i].contains("...") ? more : 0);
      operands.add(diagonal(new Labelled(node.input(i), expand(terms[i], more))));
    }
    for (int i = 0; i < terms.length; i++) {
      if (operands.get(i).labels().length() != operands.get(i).value().shape().rank()) {
        throw node.wrong("a label for each axis of " + node.input(i).type(), "'" + terms[i] + "'");
      }
    }
    String result =
        arrow < 0 ? implicit(left, ellipsis) : expand(equation.substring(arrow + 2), ellipsis);
    Labelled product = operands.getFirst();
    for (int i = 1; i < operands.size(); i++) {
      Set<Character> needed = characters(result);
      operands
          .subList(i + 1, operands.size())
          .forEach(rest -> needed.addAll(characters(rest.labels())));
      product = product(product, operands.get(i), needed);
    }
    return arrange(sumOthers(product, characters(result)), result);
  }

  private String expand(String term, int axes) {
    int at = term.indexOf("...");
    if (at < 0) {
      return term;
    }
    if (axes < 0 || axes > ELLIPSIS_AXES_MAX) {
      throw node.wrong(
          "an ellipsis of 0 to " + ELLIPSIS_AXES_MAX + " axes", axes + " in '" + term + "'");
    }
    StringBuilder digits = new StringBuilder();
    for (int i = axes - 1; i >= 0; i--) {
      digits.append(i);
    }
    return term.substring(0, at) + digits + term.substring(at + 3);
  }

  /**
   * Without an arrow: the ellipsis, then the labels that occur once, in the order of the alphabet.
   */
  private String implicit(String left, int ellipsis) {
    Map<Character, Integer> counts = new TreeMap<>();
    for (char label : left.replace(".", "").replace(",", "").toCharArray()) {
      counts.merge(label, 1, Integer::sum);
    }
    StringBuilder once = new StringBuilder(left.contains("...") ? expand("...", ellipsis) : "");
    counts.forEach((label, count) -> once.append(count == 1 ? label.toString() : ""));
    return once.toString();
  }

  private static Set<Character> characters(String labels) {
    Set<Character> set = new LinkedHashSet<>();
    for (int i = 0; i < labels.length(); i++) {
      set.add(labels.charAt(i));
    }
    return set;
  }

  /** A label that stands twice: only the elements where both coordinates are equal. */
  private static Labelled diagonal(Labelled operand) {
    Labelled result = operand;
    for (char label : operand.labels().toCharArray()) {
      int first = result.labels().indexOf(label);
      int second = result.labels().lastIndexOf(label);
      if (first != second) {
        Value x = result.value();
        Value equal = Ops.eq(Ops.iota(x.shape(), first), Ops.iota(x.shape(), second));
        Value kept = Ops.sum(Ops.select(equal, x, Ops.like(x, 0)), List.of(second), false);
        String labels = result.labels();
        result = new Labelled(kept, labels.substring(0, second) + labels.substring(second + 1));
      }
    }
    return result;
  }

  private static Labelled sumOthers(Labelled operand, Set<Character> needed) {
    List<Integer> axes = new ArrayList<>();
    StringBuilder labels = new StringBuilder();
    for (int axis = 0; axis < operand.labels().length(); axis++) {
      if (needed.contains(operand.labels().charAt(axis))) {
        labels.append(operand.labels().charAt(axis));
      } else {
        axes.add(axis);
      }
    }
    return new Labelled(Ops.sum(operand.value(), axes, false), labels.toString());
  }

  private Labelled product(Labelled a, Labelled b, Set<Character> needed) {
    Set<Character> usefulLeft = new LinkedHashSet<>(needed);
    usefulLeft.addAll(characters(b.labels()));
    Set<Character> usefulRight = new LinkedHashSet<>(needed);
    usefulRight.addAll(characters(a.labels()));
    Labelled left = sumOthers(a, usefulLeft);
    Labelled right = sumOthers(b, usefulRight);
    StringBuilder batch = new StringBuilder();
    StringBuilder inner = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    for (char label : left.labels().toCharArray()) {
      boolean shared = right.labels().indexOf(label) >= 0;
      (shared ? needed.contains(label) ? batch : inner : rows).append(label);
    }
    StringBuilder columns = new StringBuilder();
    for (char label : right.labels().toCharArray()) {
      if (left.labels().indexOf(label) < 0) {
        columns.append(label);
      }
    }
    Map<Character, Dim> extents = extents(left, right);
    Shape outer = shape(extents, batch);
    // [batch, rows, inner] x [batch, inner, columns]
    Value lhs = grouped(left, extents, batch, rows, inner);
    Value rhs = grouped(right, extents, batch, inner, columns);
    List<Dim> dims = new ArrayList<>(outer.dims());
    dims.addAll(shape(extents, rows).dims());
    dims.addAll(shape(extents, columns).dims());
    String labels = batch.toString() + rows + columns;
    return new Labelled(Ops.reshape(Ops.matmul(lhs, rhs), new Shape(dims)), labels);
  }

  /** The extent of each label; an extent of 1 is broadcast against another. */
  private static Map<Character, Dim> extents(Labelled left, Labelled right) {
    Map<Character, Dim> extents = new HashMap<>();
    for (Labelled operand : List.of(left, right)) {
      for (char label : operand.labels().toCharArray()) {
        extents.merge(label, operand.extent(label), (x, y) -> x.is(1) ? y : x);
      }
    }
    return extents;
  }

  private static Shape shape(Map<Character, Dim> extents, CharSequence labels) {
    return new Shape(
        labels.chars().mapToObj(label -> extents.getOrDefault((char) label, Dim.ONE)).toList());
  }

  private Value grouped(
      Labelled operand,
      Map<Character, Dim> extents,
      CharSequence batch,
      CharSequence second,
      CharSequence third) {
    String order = batch.toString() + second + third;
    Value arranged = Ops.broadcast(arrange(operand, order), shape(extents, order));
    return Ops.reshape(
        arranged,
        Shape.of(
            shape(extents, batch).elements(),
            shape(extents, second).elements(),
            shape(extents, third).elements()));
  }

  private Value arrange(Labelled operand, String labels) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < labels.length(); i++) {
      int axis = operand.labels().indexOf(labels.charAt(i));
      if (axis < 0 || order.contains(axis)) {
        throw node.wrong("result labels from the operands, each once", "'" + labels + "'");
      }
      order.add(axis);
    }
    return Ops.permute(operand.value(), order);
  }
}
