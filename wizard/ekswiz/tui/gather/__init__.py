"""The questions: four steps on one screen, so that Back finds everything as it was."""
