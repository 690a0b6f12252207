package dev.bascule.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A {@link Side} in a process of its own, which does what the lines of its standard input say and
 * rests in between. So a peer that crashes takes nobody with it, and one whose threads go on
 * spinning can be seen to.
 *
 * <p>Lines and answers: {@code prompt N SECONDS}: times of reading N tokens, again and again for so
 * long, once at least; {@code context N}: forgets all and reads N tokens; {@code decode N SECONDS}:
 * times of writing one token each behind N, for so long; {@code greedy N ID ID ...}: the N ids that
 * follow these, the likeliest each time. Times are seconds. An answer begins with {@link #ANSWER},
 * since libraries print what they like.
 *
 * <p>{@code --side bascule|llama.cpp|jlama --model FILE.gguf [--library PATH] [--threads 2]
 * [--context 4096] [--chunk 512] [--isa best]}
 */
final class SideMain {
  static final String ANSWER = "=> ";
  static final String BASCULE = "bascule";
  static final String LLAMA_CPP = "llama.cpp";
  static final String JLAMA = "jlama";

  /** The other side's threads may spin for a moment after its last token. */
  private static final long SETTLING_MILLIS = 30;

  /** Written first in each block; which token it is makes no difference to speed. */
  private static final int FIRST_ID = 17;

  /** So many tokens are written behind the context, then it is cut back: it stays as long. */
  static final int STRETCH = 32;

  private static final long ID_STRIDE = 7919;

  private final Side side;
  private final PrintStream out;

  private SideMain(Side side, PrintStream out) {
    this.side = side;
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Options options = Options.parse(arguments);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    long start = System.nanoTime();
    try (Side side = open(options)) {
      SideMain main = new SideMain(side, out);
      main.answer(secondsSince(start) + " " + side.vocabulary() + " " + side.description());
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        main.obey(line.split(" ", -1));
      }
    }
  }

  private static Side open(Options options) {
    Side.Settings settings = Side.Settings.of(options);
    String name = options.required("side");
    return switch (name) {
      case BASCULE -> new BasculeSide(settings);
      case LLAMA_CPP -> new LlamaCpp(Path.of(options.required("library")), settings);
      case JLAMA -> new JlamaSide(settings);
      default ->
          throw new IllegalArgumentException(
              "--side: expected " + String.join(", ", BASCULE, LLAMA_CPP, JLAMA) + ", got " + name);
    };
  }

  private void answer(String text) {
    out.println(ANSWER + text.replace('\n', ' '));
  }

  private void obey(String[] words) throws InterruptedException {
    int count = Integer.parseInt(words[1]);
    switch (words[0]) {
      case "prompt" -> answer(times(prompt(count, Double.parseDouble(words[2]))));
      case "context" -> {
        read(count);
        answer("");
      }
      case "decode" -> answer(times(decode(count, Double.parseDouble(words[2]))));
      case "greedy" -> {
        int[] prompt = Arrays.stream(words).skip(2).mapToInt(Integer::parseInt).toArray();
        answer(
            IntStream.of(side.greedy(count, prompt))
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" ")));
      }
      default -> throw new IllegalArgumentException("no such command: " + words[0]);
    }
  }

  private static String times(double[] seconds) {
    return DoubleStream.of(seconds).mapToObj(String::valueOf).collect(Collectors.joining(" "));
  }

  private void read(int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> (int) (i * ID_STRIDE % side.vocabulary()));
    side.truncate(0);
    side.read(ids);
  }

  private double[] prompt(int count, double seconds) throws InterruptedException {
    Thread.sleep(SETTLING_MILLIS);
    DoubleStream.Builder times = DoubleStream.builder();
    long start = System.nanoTime();
    do {
      long before = System.nanoTime();
      read(count);
      times.add(secondsSince(before));
    } while (secondsSince(start) < seconds);
    return times.build().toArray();
  }

  private double[] decode(int at, double seconds) throws InterruptedException {
    Thread.sleep(SETTLING_MILLIS);
    DoubleStream.Builder times = DoubleStream.builder();
    int id = FIRST_ID;
    int written = 0;
    long start = System.nanoTime();
    do {
      if (written % STRETCH == 0) {
        side.truncate(at);
      }
      written++;
      long before = System.nanoTime();
      id = side.read(id);
      times.add(secondsSince(before));
    } while (secondsSince(start) < seconds);
    return times.build().toArray();
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
