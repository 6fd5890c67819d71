/** The parser: for these tools alone, so it is not among the project's imports. */
export { default } from "npm:typescript@5.9.3";
