package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where in a model the reader is, for messages: {@code graph 'main' node 12 'Add_3' attribute
 * 'axis'}.
 */
final class Place {
  private static final class Step {
    private final String kind;
    private final int index;
    private String name = "";

    private Step(String kind, int index) {
      this.kind = kind;
      this.index = index;
    }
  }

  private final List<Step> steps = new ArrayList<>();

  /** Goes one level down; an index below zero is not shown. */
  void enter(String kind, int index) {
    steps.add(new Step(kind, index));
  }

  /** Gives the present level its name, as soon as the reader has met it. */
  void named(String name) {
    steps.getLast().name = name;
  }

  void leave() {
    steps.removeLast();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Step step : steps) {
      text.append(text.isEmpty() ? "" : " ").append(step.kind);
      if (step.index >= 0) {
        text.append(' ').append(step.index);
      }
      if (!step.name.isEmpty()) {
        text.append(' ').append(FormatException.quote(step.name));
      }
    }
    return text.toString();
  }
}
