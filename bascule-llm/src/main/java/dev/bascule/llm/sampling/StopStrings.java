package dev.bascule.llm.sampling;

import java.util.List;

/**
 * Finds the end of an answer in a text that comes in parts: at a stop string, which may begin in
 * one part and end in another. What may be the start of one is held back until it is clear. Where a
 * text is cut does not depend on the parts: at the stop string that is complete first, of several
 * the longest.
 */
public final class StopStrings {
  private final List<String> stops;
  private final int charsMax;
  private final StringBuilder held = new StringBuilder();
  private boolean isStopped;

  public StopStrings(List<String> stops) {
    if (stops.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException(
          "stop strings: expected texts of one character or more, got an empty one; leave it out");
    }
    this.stops = List.copyOf(stops);
    this.charsMax = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Takes the next part; gives what is surely part of the answer. */
  public String add(String part) {
    if (isStopped || stops.isEmpty()) {
      return isStopped ? "" : part;
    }
    for (int i = 0; i < part.length(); i++) {
      held.append(part.charAt(i));
      int stop = completed();
      if (stop > 0) {
        isStopped = true;
        return release(held.length() - stop);
      }
    }
    return release(held.length() - startedChars());
  }

  /** Whether a stop string came; nothing is part of the answer any more. */
  public boolean isStopped() {
    return isStopped;
  }

  /** What was held back and is part of the answer after all, now that nothing more comes. */
  public String finish() {
    return isStopped ? "" : release(held.length());
  }

  private String release(int chars) {
    String released = held.substring(0, chars);
    held.delete(0, chars);
    return released;
  }

  /** The length of the longest stop string that the text ends with, or 0. */
  private int completed() {
    int longest = 0;
    for (String stop : stops) {
      if (stop.length() > longest && endsWith(stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** The length of the longest end of the text that a stop string starts with. */
  private int startedChars() {
    for (int chars = Math.min(charsMax - 1, held.length()); chars > 0; chars--) {
      for (String stop : stops) {
        if (chars < stop.length() && endsWith(stop, chars)) {
          return chars;
        }
      }
    }
    return 0;
  }

  /** Whether the text ends with the first {@code chars} of {@code stop}. */
  private boolean endsWith(String stop, int chars) {
    int from = held.length() - chars;
    if (from < 0) {
      return false;
    }
    for (int i = 0; i < chars; i++) {
      if (held.charAt(from + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
