package dev.bascule.certify;

/**
 * One model on one device once more, in another way.
 *
 * @param side 1 or 2: the first or the second of what is compared
 * @param way what was changed, such as {@code 1 thread}
 * @param differing numbers whose bits are not those of the run that the certificate is about
 */
public record Repetition(int side, String way, long elements, long differing) {}
