/**
 * Chat templates: the part of Jinja that the templates of published models use, with Python's
 * meaning of values, texts and JSON.
 */
@NullMarked
package dev.bascule.llm.template;

import org.jspecify.annotations.NullMarked;
