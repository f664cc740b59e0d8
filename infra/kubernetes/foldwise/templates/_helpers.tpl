{{/* Labels of everything. */}}
{{- define "foldwise.labels" -}}
app.kubernetes.io/name: foldwise
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What a worker of one kind is found by: (list $ "fold"). */}}
{{- define "foldwise.selector" -}}
app.kubernetes.io/name: foldwise
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Which version of the deployment this release is. */}}
{{- define "foldwise.build" -}}
{{ .Values.versioning.buildId | default .Values.image.tag }}
{{- end }}

{{/* What every worker is told. */}}
{{- define "foldwise.environment" -}}
- name: TEMPORAL_ADDRESS
  value: {{ .Values.temporal.address | quote }}
- name: TEMPORAL_NAMESPACE
  value: {{ .Values.temporal.namespace | quote }}
{{- with .Values.temporal.tlsSecret }}
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /tls/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /tls/tls.key
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /tls/ca.crt
{{- end }}
{{- with .Values.temporal.apiKeySecret }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: apiKey }
{{- end }}
{{- with .Values.versioning.deployment }}
- name: FOLDWISE_DEPLOYMENT
  value: {{ . | quote }}
- name: FOLDWISE_BUILD_ID
  value: {{ include "foldwise.build" $ | quote }}
{{- end }}
- name: FOLDWISE_STORE
  value: {{ .Values.store.uri | quote }}
- name: FOLDWISE_METRICS
  value: 0.0.0.0:9464
- name: AWS_REGION
  value: {{ .Values.store.region | quote }}
{{- with .Values.store.endpoint }}
- name: AWS_ENDPOINT_URL_S3
  value: {{ . | quote }}
{{- end }}
{{- with .Values.store.credentialsSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: AWS_ACCESS_KEY_ID }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: AWS_SECRET_ACCESS_KEY }
{{- end }}
{{- end }}

{{/* What every container has: (dict "root" $ "arguments" (list …) "resources" … "data" …). */}}
{{- define "foldwise.program" -}}
image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag }}"
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
{{- range .arguments }}
  - {{ . | quote }}
{{- end }}
env:
{{- include "foldwise.environment" .root | nindent 2 }}
resources:
{{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: scratch, mountPath: /foldwise }
  - { name: temporary, mountPath: /tmp }
{{- if .root.Values.temporal.tlsSecret }}
  - { name: tls, mountPath: /tls, readOnly: true }
{{- end }}
{{- if .data }}
  - { name: data, mountPath: /data, readOnly: true }
{{- end }}
{{- end }}

{{/* The container of a worker: the same. */}}
{{- define "foldwise.container" -}}
name: worker
{{ include "foldwise.program" . }}
ports:
  - { name: metrics, containerPort: 9464 }
startupProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 15
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 30
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* What is around the container: (dict "root" $ "scratch" … "data" …). */}}
{{- define "foldwise.pod" -}}
serviceAccountName: {{ .root.Release.Name }}-worker
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
volumes:
  # A host's own: what it holds can be fetched or trained again.
  - name: scratch
    emptyDir: { sizeLimit: {{ .scratch }} }
  - name: temporary
    emptyDir: { sizeLimit: 1Gi }
{{- with .root.Values.temporal.tlsSecret }}
  - name: tls
    secret: { secretName: {{ . }} }
{{- end }}
{{- with .data }}
  - name: data
    persistentVolumeClaim: { claimName: {{ . }}, readOnly: true }
{{- end }}
{{- end }}
