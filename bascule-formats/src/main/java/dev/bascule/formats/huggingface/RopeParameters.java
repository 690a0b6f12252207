package dev.bascule.formats.huggingface;

import dev.bascule.formats.json.Json;

/**
 * How positions turn queries and keys.
 *
 * @param theta the base of the frequencies
 * @param type {@code default}, {@code llama3}, {@code yarn}, {@code linear}, {@code dynamic}, ...
 * @param parameters the object with the type's own numbers, such as {@code factor}; null or nothing
 *     where there is none
 */
public record RopeParameters(double theta, String type, Json parameters) {}
