package dev.bascule.engine;

import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which updates of states are made where the state lies: those that scatter into its first version,
 * when nobody reads that version afterwards. A cache of many megabytes is then neither copied nor
 * held twice.
 */
final class StatesInPlace {
  private final Map<Value, State> states = new HashMap<>();

  StatesInPlace(Graph graph, Schedule schedule) {
    graph
        .updates()
        .forEach((state, value) -> {
          Value last = schedule.storage(value);
          if (last.node().op() instanceof Scatter
              && last.node().operand(0).node().op() instanceof Parameter parameter
              && parameter.state().filter(state::equals).isPresent()
              && isLastRead(schedule.order(), last.node().operand(0), last)) {
            states.put(last, state);
          }
        });
  }

  private static boolean isLastRead(List<Task> order, Value first, Value last) {
    boolean written = false;
    for (Task task : order) {
      if (written && task.reads().contains(first)) {
        return false;
      }
      written |= task.writes().contains(last);
    }
    return written;
  }

  boolean contains(Value value) {
    return states.containsKey(value);
  }

  /** Values and the states in whose memory they are made. */
  Map<Value, State> states() {
    return states;
  }
}
