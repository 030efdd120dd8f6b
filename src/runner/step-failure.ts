/** Ends the step red: `title` and `message` become its one error annotation. */
export class StepFailure extends Error {
  readonly title: string;

  constructor(title: string, message: string) {
    super(message);
    this.name = 'StepFailure';
    this.title = title;
  }
}
