package dev.bascule.formats.tokenizer;

import java.util.Arrays;

/** Texts with numbers, found character by character. The children of all nodes share one table. */
final class PrefixTree {
  static final int ROOT = 0;
  private static final int NONE = -1;

  private int[] values = {NONE};
  private long[] keys = new long[1 << 12];
  private int[] children = new int[1 << 12];
  private int nodes = 1;

  PrefixTree() {
    Arrays.fill(keys, NONE);
  }

  /** Puts a text in; of two equal ones the first counts. */
  void add(String text, int value) {
    int node = ROOT;
    for (int i = 0; i < text.length(); i++) {
      int next = child(node, text.charAt(i));
      node = next < 0 ? addChild(node, text.charAt(i)) : next;
    }
    if (values[node] == NONE) {
      values[node] = value;
    }
  }

  private int addChild(int node, char c) {
    if (2 * nodes > keys.length) {
      grow();
    }
    if (nodes == values.length) {
      values = Arrays.copyOf(values, 2 * nodes);
      Arrays.fill(values, nodes, values.length, NONE);
    }
    put(key(node, c), nodes);
    return nodes++;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldChildren = children;
    keys = new long[2 * oldKeys.length];
    children = new int[keys.length];
    Arrays.fill(keys, NONE);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != NONE) {
        put(oldKeys[i], oldChildren[i]);
      }
    }
  }

  private void put(long key, int child) {
    int slot = slot(key);
    while (keys[slot] != NONE) {
      slot = (slot + 1) & (keys.length - 1);
    }
    keys[slot] = key;
    children[slot] = child;
  }

  /** The node that follows with {@code c}, or -1. */
  int child(int node, char c) {
    long key = key(node, c);
    int slot = slot(key);
    while (keys[slot] != NONE) {
      if (keys[slot] == key) {
        return children[slot];
      }
      slot = (slot + 1) & (keys.length - 1);
    }
    return NONE;
  }

  /** The number of the text that ends at a node, or -1. */
  int value(int node) {
    return values[node];
  }

  private static long key(int node, char c) {
    return (long) node << 16 | c;
  }

  private int slot(long key) {
    return (int) (key * 0x9E3779B97F4A7C15L >>> 32) & (keys.length - 1);
  }
}
