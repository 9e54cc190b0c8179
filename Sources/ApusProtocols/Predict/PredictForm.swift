/// How a `/predict` body was formed, which is how it is answered.
enum PredictForm {
    /// One object: answered by one object.
    case object
    /// A list of objects, or `{"data": …}`: answered by a list.
    case list
}
