package dev.bascule.cpu.emit;

/** Where in a frame the words are that every call writes; all launches of a kernel share them. */
final class CallWords {
  final int length;
  final int start;
  final int points;
  final int fault;

  /** Of each walk. */
  final int[] pointers;

  /** Of each axis of the odometer. */
  final int[] counters;

  CallWords(Layout layout) {
    this.length = layout.frame.length;
    this.start = layout.frame.start;
    this.points = layout.frame.points;
    this.fault = layout.frame.fault;
    this.pointers = new int[layout.pointers.count()];
    for (int walk = 0; walk < pointers.length; walk++) {
      pointers[walk] = layout.pointers.words(walk).pointer();
    }
    this.counters = layout.wheels.stream().mapToInt(Layout.Wheel::counter).toArray();
  }
}
