/** Language models in use: chat templates, sampling, generation. */
@NullMarked
package dev.bascule.llm;

import org.jspecify.annotations.NullMarked;
