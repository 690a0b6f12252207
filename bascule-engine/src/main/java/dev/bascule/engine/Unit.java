package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Something that will be launched: the nodes of the graph above which buffers lie. Mutable while
 * fusion decides.
 */
abstract sealed class Unit {
  /** Units whose results this one reads. */
  final Set<Unit> reads = new LinkedHashSet<>();

  abstract String label();

  /** True where {@code target} must run before this. */
  boolean dependsOn(Unit target) {
    Set<Unit> seen = new java.util.HashSet<>();
    java.util.ArrayDeque<Unit> open = new java.util.ArrayDeque<>(List.of(this));
    while (!open.isEmpty()) {
      Unit unit = open.pop();
      for (Unit read : unit.reads) {
        if (read == target) {
          return true;
        }
        if (seen.add(read)) {
          open.push(read);
        }
      }
    }
    return false;
  }

  /** A fused Map or Row kernel: what it stores, and where in its domain each stored value lies. */
  static final class Fused extends Unit {
    /** Extents of the domain; row axes may be anywhere until the kernel is written. */
    final List<Dim> domain;

    /** Domain axes that form the row, ascending; empty for a Map kernel. */
    List<Integer> rowAxes = List.of();

    final Map<Value, IndexMap> stores = new LinkedHashMap<>();
    final Value root;

    /** Labels of the gathers inside: an index outside its axis is told with the kernel's name. */
    final Set<String> gathers = new LinkedHashSet<>();

    int nodes;

    Fused(Value root) {
      this.root = root;
      this.domain = new ArrayList<>(root.shape().dims());
      stores.put(root, IndexMap.identity(root.shape()));
    }

    @Override
    String label() {
      String name = root.node().label();
      Set<String> others = new LinkedHashSet<>(gathers);
      others.remove(name);
      return others.isEmpty() ? name : name + " with " + String.join(", ", others);
    }
  }

  /** A library op with the device's kernel for it. */
  static final class Library extends Unit {
    final Node node;
    final LibraryKernel kernel;

    Library(Node node, LibraryKernel kernel) {
      this.node = node;
      this.kernel = kernel;
    }

    @Override
    String label() {
      return node.label();
    }
  }

  /** A region that is there several times: it was scheduled once, and stands here for its tasks. */
  static final class Region extends Unit {
    final Node node;

    Region(Node node) {
      this.node = node;
    }

    @Override
    String label() {
      return node.label();
    }
  }

  /** An op whose result shape depends on values: it runs on the host and ends a segment. */
  static final class Host extends Unit {
    final Node node;

    Host(Node node) {
      this.node = node;
    }

    @Override
    String label() {
      return node.label();
    }
  }
}
