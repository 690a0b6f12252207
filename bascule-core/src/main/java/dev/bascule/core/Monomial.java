package dev.bascule.core;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A product of atoms, sorted, with repetition; never empty. Products of the same text are the same:
 * it is what tells them apart and orders them, larger ones first.
 */
final class Monomial implements Comparable<Monomial> {
  private final List<Atom> atoms;
  private final String text;

  private Monomial(List<Atom> sorted) {
    this.atoms = sorted;
    this.text = sorted.size() == 1 ? sorted.getFirst().toString() : joined(sorted);
  }

  static Monomial of(Atom atom) {
    return new Monomial(List.of(atom));
  }

  private static String joined(List<Atom> atoms) {
    return String.join("*", atoms.stream().map(Atom::toString).toList());
  }

  List<Atom> atoms() {
    return atoms;
  }

  Monomial times(Monomial other) {
    List<Atom> all = new ArrayList<>(atoms);
    all.addAll(other.atoms);
    all.sort(null);
    return new Monomial(List.copyOf(all));
  }

  /** The atoms that are left after division by {@code other}, or null where it does not divide. */
  @Nullable List<Atom> over(Monomial other) {
    List<Atom> left = new ArrayList<>(atoms);
    for (Atom atom : other.atoms) {
      if (!left.remove(atom)) {
        return null;
      }
    }
    return left;
  }

  /** The product of {@code atoms}, which are sorted and at least one. */
  static Monomial product(List<Atom> atoms) {
    return new Monomial(List.copyOf(atoms));
  }

  @Override
  public int compareTo(Monomial other) {
    int bySize = Integer.compare(other.atoms.size(), atoms.size());
    return bySize != 0 ? bySize : text.compareTo(other.text);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Monomial monomial
        && atoms.size() == monomial.atoms.size()
        && text.equals(monomial.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
