// The part of ONNX Runtime's C interface that Apus calls, declared here so that building needs no
// ONNX Runtime: the library is opened with dlopen when a model is loaded.
//
// The library hands out one table of functions, `OrtApi`. Its order is a stable ABI: entries are only
// ever added at its end (onnxruntime_c_api.h, "OrtApi"; onnxruntime_c_api.cc asserts the offsets). The
// number behind an entry is its index; onnxruntime_table.c asserts each one.
#ifndef APUS_ONNXRUNTIME_TABLE_H
#define APUS_ONNXRUNTIME_TABLE_H

#include <stddef.h>
#include <stdint.h>

/// The interface version we ask the library for: that of release 1.18, the first with the session
/// option `session.model_external_initializers_file_folder_path`. Every later library offers it too.
#define ORT_TABLE_VERSION 18

typedef struct OrtEnv OrtEnv;
typedef struct OrtStatus OrtStatus;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtMapTypeInfo OrtMapTypeInfo;
typedef struct OrtSequenceTypeInfo OrtSequenceTypeInfo;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;

/// The C enums are plain integers here: a later library may return values that we have no name for.
typedef int32_t OrtErrorCode;
typedef int32_t OrtElementType;
typedef int32_t OrtOnnxType;
typedef int32_t OrtLoggingLevel;
typedef int32_t OrtExecutionMode;
typedef int32_t OrtGraphOptimizationLevel;
typedef int32_t OrtAllocatorType;
typedef int32_t OrtMemoryType;

/// An entry of the table that we do not call.
typedef void (*OrtUnusedEntry)(void);

/// A null `OrtStatus *` is success; any other is freed with `ReleaseStatus`.
typedef struct OrtApi {
    OrtUnusedEntry unused_0[1];
    OrtErrorCode (*GetErrorCode)(const OrtStatus *status);  // 1
    const char *(*GetErrorMessage)(const OrtStatus *status);  // 2
    OrtStatus *(*CreateEnv)(OrtLoggingLevel level, const char *name, OrtEnv **out);  // 3
    OrtUnusedEntry unused_4[4];
    OrtStatus *(*CreateSessionFromArray)(
        const OrtEnv *env, const void *bytes, size_t byte_count, const OrtSessionOptions *options,
        OrtSession **out);  // 8
    OrtStatus *(*Run)(
        OrtSession *session, const OrtRunOptions *options, const char *const *input_names,
        const OrtValue *const *inputs, size_t input_count, const char *const *output_names,
        size_t output_count, OrtValue **outputs);  // 9
    OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **out);  // 10
    OrtUnusedEntry unused_11[2];
    OrtStatus *(*SetSessionExecutionMode)(OrtSessionOptions *options, OrtExecutionMode mode);  // 13
    OrtUnusedEntry unused_14[3];
    OrtStatus *(*DisableMemPattern)(OrtSessionOptions *options);  // 17
    OrtUnusedEntry unused_18[5];
    OrtStatus *(*SetSessionGraphOptimizationLevel)(
        OrtSessionOptions *options, OrtGraphOptimizationLevel level);  // 23
    OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions *options, int count);  // 24
    OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions *options, int count);  // 25
    OrtUnusedEntry unused_26[4];
    OrtStatus *(*SessionGetInputCount)(const OrtSession *session, size_t *out);  // 30
    OrtStatus *(*SessionGetOutputCount)(const OrtSession *session, size_t *out);  // 31
    OrtUnusedEntry unused_32[1];
    OrtStatus *(*SessionGetInputTypeInfo)(
        const OrtSession *session, size_t index, OrtTypeInfo **out);  // 33
    OrtStatus *(*SessionGetOutputTypeInfo)(
        const OrtSession *session, size_t index, OrtTypeInfo **out);  // 34
    OrtUnusedEntry unused_35[1];
    OrtStatus *(*SessionGetInputName)(
        const OrtSession *session, size_t index, OrtAllocator *allocator, char **out);  // 36
    OrtStatus *(*SessionGetOutputName)(
        const OrtSession *session, size_t index, OrtAllocator *allocator, char **out);  // 37
    OrtUnusedEntry unused_38[10];
    OrtStatus *(*CreateTensorAsOrtValue)(
        OrtAllocator *allocator, const int64_t *shape, size_t rank, OrtElementType type,
        OrtValue **out);  // 48
    OrtStatus *(*CreateTensorWithDataAsOrtValue)(
        const OrtMemoryInfo *info, void *bytes, size_t byte_count, const int64_t *shape,
        size_t rank, OrtElementType type, OrtValue **out);  // 49
    OrtUnusedEntry unused_50[1];
    OrtStatus *(*GetTensorMutableData)(OrtValue *value, void **out);  // 51
    OrtUnusedEntry unused_52[1];
    OrtStatus *(*GetStringTensorDataLength)(const OrtValue *value, size_t *out);  // 53
    OrtStatus *(*GetStringTensorContent)(
        const OrtValue *value, void *bytes, size_t byte_count, size_t *offsets,
        size_t offset_count);  // 54
    OrtStatus *(*CastTypeInfoToTensorInfo)(
        const OrtTypeInfo *info, const OrtTensorTypeAndShapeInfo **out);  // 55
    OrtStatus *(*GetOnnxTypeFromTypeInfo)(const OrtTypeInfo *info, OrtOnnxType *out);  // 56
    OrtUnusedEntry unused_57[3];
    OrtStatus *(*GetTensorElementType)(
        const OrtTensorTypeAndShapeInfo *info, OrtElementType *out);  // 60
    OrtStatus *(*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *info, size_t *out);  // 61
    OrtStatus *(*GetDimensions)(
        const OrtTensorTypeAndShapeInfo *info, int64_t *out, size_t rank);  // 62
    OrtUnusedEntry unused_63[2];
    OrtStatus *(*GetTensorTypeAndShape)(
        const OrtValue *value, OrtTensorTypeAndShapeInfo **out);  // 65
    OrtUnusedEntry unused_66[3];
    OrtStatus *(*CreateCpuMemoryInfo)(
        OrtAllocatorType allocator, OrtMemoryType memory, OrtMemoryInfo **out);  // 69
    OrtUnusedEntry unused_70[6];
    OrtStatus *(*AllocatorFree)(OrtAllocator *allocator, void *memory);  // 76
    OrtUnusedEntry unused_77[1];
    OrtStatus *(*GetAllocatorWithDefaultOptions)(OrtAllocator **out);  // 78
    OrtUnusedEntry unused_79[1];
    OrtStatus *(*GetValue)(
        const OrtValue *value, int index, OrtAllocator *allocator, OrtValue **out);  // 80
    OrtStatus *(*GetValueCount)(const OrtValue *value, size_t *out);  // 81
    OrtUnusedEntry unused_82[11];
    void (*ReleaseStatus)(OrtStatus *object);  // 93
    OrtUnusedEntry unused_94[1];
    void (*ReleaseSession)(OrtSession *object);  // 95
    void (*ReleaseValue)(OrtValue *object);  // 96
    OrtUnusedEntry unused_97[1];
    void (*ReleaseTypeInfo)(OrtTypeInfo *object);  // 98
    void (*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo *object);  // 99
    void (*ReleaseSessionOptions)(OrtSessionOptions *object);  // 100
    OrtUnusedEntry unused_101[2];
    OrtStatus *(*CastTypeInfoToMapTypeInfo)(
        const OrtTypeInfo *info, const OrtMapTypeInfo **out);  // 103
    OrtStatus *(*CastTypeInfoToSequenceTypeInfo)(
        const OrtTypeInfo *info, const OrtSequenceTypeInfo **out);  // 104
    OrtStatus *(*GetMapKeyType)(const OrtMapTypeInfo *info, OrtElementType *out);  // 105
    OrtStatus *(*GetMapValueType)(const OrtMapTypeInfo *info, OrtTypeInfo **out);  // 106
    OrtStatus *(*GetSequenceElementType)(
        const OrtSequenceTypeInfo *info, OrtTypeInfo **out);  // 107
    OrtUnusedEntry unused_108[22];
    OrtStatus *(*AddSessionConfigEntry)(
        OrtSessionOptions *options, const char *key, const char *value);  // 130
    OrtUnusedEntry unused_131[121];
    OrtStatus *(*GetResizedStringTensorElementBuffer)(
        OrtValue *value, size_t index, size_t byte_count, char **out);  // 252
} OrtApi;

/// What `OrtGetApiBase`, the library's only symbol that we look up, returns.
typedef struct OrtApiBase {
    /// Null when the library is older than `version`.
    const OrtApi *(*GetApi)(uint32_t version);
    const char *(*GetVersionString)(void);
} OrtApiBase;

typedef const OrtApiBase *(*OrtGetApiBaseFunction)(void);

#endif
